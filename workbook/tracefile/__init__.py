"""A run written to a file on one machine, to be compared on any: trace files.

Owns the file, the watching that fills it, and the comparison of two.
"""
