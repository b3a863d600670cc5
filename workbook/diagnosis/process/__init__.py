"""Where a run of the user's code happens: a process of its own, in a place of its own.

Knows no cause, no intervention and nothing of what is asked.
"""
