"""Chapter 07: another device, DirectML where there is one and an imitation where there is none."""

from workbook.causes.directml.accelerator import ACCELERATOR
from workbook.causes.directml.draws import DRAWS_ON_BOTH
from workbook.causes.directml.environment import ENVIRONMENT
from workbook.causes.directml.epsilon import EPSILON
from workbook.causes.directml.exercises import EXERCISES, SAME_MATRICES, TRUE_EPSILON
from workbook.causes.directml.fallback import FALLBACK
from workbook.causes.directml.nine_ways import NINE_WAYS
from workbook.causes.directml.predictions import (
    CALLED_FLOAT64,
    CAN_IT_DIFFER,
    FLOAT32_EVERYWHERE,
    MASKS,
    PREDICTIONS,
    SAME_IS_TRUE,
    WHAT_IT_MEASURES,
    WHO_IS_RIGHT,
    WHOSE_FLOAT64,
)
from workbook.causes.directml.programs import PROGRAMS
from workbook.causes.directml.same_inputs import SAME_INPUTS
from workbook.causes.directml.sides import nearest
from workbook.causes.directml.whose_default import WHOSE_DEFAULT

EXPERIMENTS = (
    WHOSE_DEFAULT,
    EPSILON,
    PROGRAMS,
    NINE_WAYS,
    SAME_INPUTS,
    ACCELERATOR,
    DRAWS_ON_BOTH,
    FALLBACK,
    ENVIRONMENT,
)

__all__ = [
    "ACCELERATOR",
    "CALLED_FLOAT64",
    "CAN_IT_DIFFER",
    "DRAWS_ON_BOTH",
    "ENVIRONMENT",
    "EPSILON",
    "EXERCISES",
    "EXPERIMENTS",
    "FALLBACK",
    "FLOAT32_EVERYWHERE",
    "MASKS",
    "NINE_WAYS",
    "PREDICTIONS",
    "PROGRAMS",
    "SAME_INPUTS",
    "SAME_IS_TRUE",
    "SAME_MATRICES",
    "TRUE_EPSILON",
    "WHAT_IT_MEASURES",
    "WHOSE_DEFAULT",
    "WHOSE_FLOAT64",
    "WHO_IS_RIGHT",
    "nearest",
]
