"""What all chapters have together, for the tests that hold every chapter to the same."""

from workbook.causes import chapters, every
from workbook.experiment import Experiment
from workbook.question import Estimate, Exercise, Prediction
from workbook.question.case import Case

CHAPTERS = chapters()
EXPERIMENTS = every(Experiment)
PREDICTIONS = every(Prediction)
ESTIMATES = every(Estimate)
EXERCISES = every(Exercise)
CASES = every(Case)
