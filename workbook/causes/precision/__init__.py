"""Chapter 01: what a number format keeps and what it drops."""

from workbook.causes.precision.bit_microscope import MICROSCOPE
from workbook.causes.precision.cancellation import CANCELLATION
from workbook.causes.precision.exercises import (
    EXERCISES,
    LAST_WHOLE_NUMBER,
    NEXT_VALUE,
    SAME_IN_ANY_ORDER,
)
from workbook.causes.precision.number_line import NUMBER_LINE
from workbook.causes.precision.predictions import (
    ADD_A_LITTLE,
    COUNTING,
    ONE_TENTH,
    PREDICTIONS,
    SIX_IN_ANY_ORDER,
    TWO_VARIANCES,
)
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
    "ADD_A_LITTLE",
    "CANCELLATION",
    "COUNTING",
    "EXERCISES",
    "EXPERIMENTS",
    "LAST_WHOLE_NUMBER",
    "MANY_NUMBERS",
    "MICROSCOPE",
    "NEXT_VALUE",
    "NUMBER_LINE",
    "ONE_TENTH",
    "PREDICTIONS",
    "SAME_IN_ANY_ORDER",
    "SIX_IN_ANY_ORDER",
    "SIX_NUMBERS",
    "STAGNATION",
    "TWO_VARIANCES",
]
