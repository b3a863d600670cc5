"""What is seen of a run: the words for what it used, its values, what it keeps, and the places.

Decides nothing.
"""
