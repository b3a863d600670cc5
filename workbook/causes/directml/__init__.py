"""Chapter 07: another device, DirectML where there is one and an imitation where there is none."""

from workbook.causes.directml.accelerator import ACCELERATOR
from workbook.causes.directml.case import BLAMED
from workbook.causes.directml.environment import ENVIRONMENT
from workbook.causes.directml.epsilon import EPSILON
from workbook.causes.directml.exercises import FAIR_COMPARISON, TRUE_EPSILON
from workbook.causes.directml.nine_ways import NINE_WAYS
from workbook.causes.directml.predictions import WHAT_IT_MEASURES, WHO_IS_RIGHT, WHOSE_FLOAT64
from workbook.causes.directml.programs import PROGRAMS
from workbook.causes.directml.same_inputs import SAME_INPUTS
from workbook.causes.directml.sides import nearest
from workbook.causes.directml.whose_default import WHOSE_DEFAULT
