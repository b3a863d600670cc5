"""Chapter 01: what a number format keeps and what it drops."""

from workbook.causes.precision.bit_microscope import MICROSCOPE
from workbook.causes.precision.cancellation import CANCELLATION
from workbook.causes.precision.number_line import NUMBER_LINE
from workbook.causes.precision.stagnation import STAGNATION
from workbook.causes.precision.sum_order import MANY_NUMBERS, SIX_NUMBERS

EXPERIMENTS = (
    MICROSCOPE,
    NUMBER_LINE,
    SIX_NUMBERS,
    MANY_NUMBERS,
    STAGNATION,
    CANCELLATION,
)

__all__ = [
    "CANCELLATION",
    "EXPERIMENTS",
    "MANY_NUMBERS",
    "MICROSCOPE",
    "NUMBER_LINE",
    "SIX_NUMBERS",
    "STAGNATION",
]
