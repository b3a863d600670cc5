"""Chapter 02: what an operation in place changes, and what it does not."""

from workbook.causes.in_place.aliases import ALIASES
from workbook.causes.in_place.both_forms import BOTH_FORMS
from workbook.causes.in_place.case import TWO_ANSWERS
from workbook.causes.in_place.exercises import ADD_LEFT, READ_THE_MESSAGE, SNAPSHOT, WHAT_IS_MISSING
from workbook.causes.in_place.gradients import VERSION_COUNTER
from workbook.causes.in_place.overlap import OVERLAP
from workbook.causes.in_place.predictions import (
    AFTER_FLOAT,
    DIFFERING_FORMS,
    LOSING_FORM,
    OVERLAPS,
    SUM_DTYPE,
    WRITE_TO_DATA,
)
from workbook.causes.in_place.races import LOST_UPDATES
