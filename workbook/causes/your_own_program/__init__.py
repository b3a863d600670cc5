"""Chapter 11: differential diagnosis, in three cases that the reader solves."""

from workbook.causes.your_own_program.cases import (
    LOGGED_TRAINING,
    RESTLESS_REVIEWS,
    UNSTEADY_SCORES,
)
from workbook.causes.your_own_program.exercises import SAME_DRAWS_TWICE
from workbook.causes.your_own_program.predictions import EVAL_SHOWS
