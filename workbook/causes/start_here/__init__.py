"""Chapter 00: how to read an experiment, and a first surprise."""

from workbook.causes.start_here.parts import PARTS_OF_ONE
from workbook.causes.start_here.questions import (
    EXERCISES,
    PREDICTIONS,
    THREE_TENTHS,
    WHICH_PARTS,
)

EXPERIMENTS = (PARTS_OF_ONE,)

__all__ = [
    "EXERCISES",
    "EXPERIMENTS",
    "PARTS_OF_ONE",
    "PREDICTIONS",
    "THREE_TENTHS",
    "WHICH_PARTS",
]
