"""What all chapters have together, for the tests that hold every chapter to the same."""

from functools import cache

from workbook.causes import chapters, every
from workbook.causes.cudnn import series
from workbook.experiment import Experiment, run
from workbook.question import Estimate, Exercise, Prediction
from workbook.question.case import Case
from workbook.result import Result

CHAPTERS = chapters()
EXPERIMENTS = every(Experiment)
PREDICTIONS = every(Prediction)
ESTIMATES = every(Estimate)
EXERCISES = every(Exercise)
CASES = every(Case)


@cache
def opened(experiment: Experiment) -> Result:
    """The experiment's result at its opening settings, measured once for all tests here."""
    series.forget()
    return run(experiment)
