"""Floating-point formats, and the distance between values counted in bits.

Owns what is true of the formats on every machine: their widths and limits, rounding to them, the
steps between their values. May not know devices, conditions, error bounds or experiments.
"""

from workbook.floats.distance import FARTHEST, bits, bits_equal, ordered, ulp_distance
from workbook.floats.formats import FORMATS, Fields, Format, decode, encode, format_of
from workbook.floats.rounding import fields, next_down, next_up, round_to, spacing

__all__ = [
    "FARTHEST",
    "FORMATS",
    "Fields",
    "Format",
    "bits",
    "bits_equal",
    "decode",
    "encode",
    "fields",
    "format_of",
    "next_down",
    "next_up",
    "ordered",
    "round_to",
    "spacing",
    "ulp_distance",
]
