"""The fingerprint of an environment: its facts, and what a fixed set of checks gives in it.

Owns one machine's fingerprint, the comparison of two, those of a cluster, and the command
`fingerprint`.
"""

from workbook.fingerprint.record import Change, Fingerprint, change, load, take

__all__ = ["Change", "Fingerprint", "change", "load", "take"]
