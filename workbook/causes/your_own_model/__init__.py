"""Chapter 08: differential diagnosis, in three cases that the reader solves."""

from workbook.causes.your_own_model.case import Case, Suspect, Trial, standing
from workbook.causes.your_own_model.cases import (
    CASES,
    LOGGED_TRAINING,
    RESTLESS_REVIEWS,
    UNSTEADY_SCORES,
)
from workbook.causes.your_own_model.exercises import AGREES, EXERCISES
from workbook.causes.your_own_model.predictions import EVAL_SHOWS, PREDICTIONS
from workbook.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = ()  # its experiments are the trials of the cases

__all__ = [
    "AGREES",
    "CASES",
    "EVAL_SHOWS",
    "EXERCISES",
    "EXPERIMENTS",
    "LOGGED_TRAINING",
    "PREDICTIONS",
    "RESTLESS_REVIEWS",
    "UNSTEADY_SCORES",
    "Case",
    "Suspect",
    "Trial",
    "standing",
]
