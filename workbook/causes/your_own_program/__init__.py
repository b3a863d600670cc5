"""Chapter 11: differential diagnosis, in three cases that the reader solves."""

from workbook.causes import every
from workbook.causes.your_own_program.cases import (
    CASES,
    LOGGED_TRAINING,
    RESTLESS_REVIEWS,
    UNSTEADY_SCORES,
)
from workbook.causes.your_own_program.exercises import GENERATOR_PUT_BACK
from workbook.causes.your_own_program.predictions import EVAL_SHOWS
from workbook.experiment import Experiment
from workbook.question import Exercise, Prediction

EXPERIMENTS: tuple[Experiment, ...] = ()  # its experiments are the trials of the cases
PREDICTIONS = every(Prediction, globals())
EXERCISES = every(Exercise, globals())
