"""What is compared: one function again, two functions, a module under other inputs.

Each module owns its runs and the order of its questions. Knows nothing of how a run is made.
"""
