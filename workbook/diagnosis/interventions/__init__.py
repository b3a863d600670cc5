"""What is held or changed: the table of rows, and the patches that carry them out in a run.

Knows nothing of how a run is asked for and of what is compared.
"""
