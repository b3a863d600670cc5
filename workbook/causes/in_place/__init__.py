"""Chapter 02: what an operation in place changes, and what it does not."""

from workbook.causes.in_place.aliases import ALIASES
from workbook.causes.in_place.both_forms import BOTH_FORMS
from workbook.causes.in_place.exercises import (
    ADD_LEFT,
    EXERCISES,
    SNAPSHOT,
    WHAT_IS_MISSING,
)
from workbook.causes.in_place.gradients import VERSION_COUNTER
from workbook.causes.in_place.overlap import OVERLAP
from workbook.causes.in_place.predictions import (
    DIFFERING_FORMS,
    FLOAT_SHARES,
    LOSING_FORM,
    OVERLAPS,
    PREDICTIONS,
    SUM_DTYPE,
    UNSEEN_WRITE,
)
from workbook.causes.in_place.races import HOGWILD, LOST_UPDATES

EXPERIMENTS = (
    BOTH_FORMS,
    ALIASES,
    OVERLAP,
    LOST_UPDATES,
    HOGWILD,
    VERSION_COUNTER,
)

__all__ = [
    "ADD_LEFT",
    "ALIASES",
    "BOTH_FORMS",
    "DIFFERING_FORMS",
    "EXERCISES",
    "EXPERIMENTS",
    "FLOAT_SHARES",
    "HOGWILD",
    "LOSING_FORM",
    "LOST_UPDATES",
    "OVERLAP",
    "OVERLAPS",
    "PREDICTIONS",
    "SNAPSHOT",
    "SUM_DTYPE",
    "UNSEEN_WRITE",
    "VERSION_COUNTER",
    "WHAT_IS_MISSING",
]
