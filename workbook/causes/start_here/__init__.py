"""Chapter 00: how to read an experiment, and a first surprise."""

from workbook.causes.start_here.parts import PARTS_OF_ONE
from workbook.causes.start_here.questions import LOSS_SHOWS, SAME_WEIGHTS, THREE_TENTHS, WHICH_PARTS
from workbook.causes.start_here.trainings import SIX_FROM_ONE_SEED
