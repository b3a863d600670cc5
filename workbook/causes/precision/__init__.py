"""Chapter 01: what a number format keeps and what it drops."""

from workbook.causes.precision.activation_error import ACTIVATION_ERROR
from workbook.causes.precision.bit_microscope import MICROSCOPE
from workbook.causes.precision.cancellation import CANCELLATION
from workbook.causes.precision.conditioning import ILL_CONDITIONED
from workbook.causes.precision.confounders import (
    FLOAT64_DATA,
    WHAT_NUMPY_GAVE,
    WHAT_PARTS_THE_LINES,
    WHERE_FROM,
)
from workbook.causes.precision.cost import COST
from workbook.causes.precision.deep_training import DEEP_TRAINING
from workbook.causes.precision.depth import DEPTH
from workbook.causes.precision.exercises import (
    EXERCISES,
    LAST_WHOLE_NUMBER,
    NEXT_VALUE,
    SAME_IN_ANY_ORDER,
)
from workbook.causes.precision.four_products import FOUR_PRODUCTS
from workbook.causes.precision.literals import LITERALS
from workbook.causes.precision.logistic_map import LOGISTIC_MAP
from workbook.causes.precision.matmul_error import MATMUL_ERROR
from workbook.causes.precision.mixed_dtypes import MIXED_DTYPES
from workbook.causes.precision.number_line import NUMBER_LINE
from workbook.causes.precision.overflow import OVERFLOW
from workbook.causes.precision.predictions import (
    ADD_A_LITTLE,
    COUNTING,
    INSIDE_THE_BOUND,
    ONE_TENTH,
    ONE_ULP,
    PREDICTIONS,
    RELU,
    SIX_IN_ANY_ORDER,
    TWO_VARIANCES,
    WHICH_ACTIVATION,
    ZERO_DIMENSIONS,
)
from workbook.causes.precision.recurrent import RECURRENT
from workbook.causes.precision.regression import REGRESSION
from workbook.causes.precision.slices import SLICES
from workbook.causes.precision.stagnation import STAGNATION
from workbook.causes.precision.sum_order import MANY_NUMBERS, SIX_NUMBERS
from workbook.causes.precision.type_promotion import PROMOTION

EXPERIMENTS = (
    MICROSCOPE,
    NUMBER_LINE,
    SIX_NUMBERS,
    MANY_NUMBERS,
    STAGNATION,
    CANCELLATION,
    LITERALS,
    MATMUL_ERROR,
    PROMOTION,
    MIXED_DTYPES,
    FOUR_PRODUCTS,
    REGRESSION,
    DEPTH,
    ACTIVATION_ERROR,
    DEEP_TRAINING,
    COST,
    LOGISTIC_MAP,
    RECURRENT,
    SLICES,
    OVERFLOW,
    ILL_CONDITIONED,
)

__all__ = [
    "ACTIVATION_ERROR",
    "ADD_A_LITTLE",
    "CANCELLATION",
    "COST",
    "COUNTING",
    "DEEP_TRAINING",
    "DEPTH",
    "EXERCISES",
    "EXPERIMENTS",
    "FLOAT64_DATA",
    "FOUR_PRODUCTS",
    "INSIDE_THE_BOUND",
    "LAST_WHOLE_NUMBER",
    "LITERALS",
    "LOGISTIC_MAP",
    "MANY_NUMBERS",
    "MATMUL_ERROR",
    "MICROSCOPE",
    "MIXED_DTYPES",
    "NEXT_VALUE",
    "NUMBER_LINE",
    "ONE_TENTH",
    "ONE_ULP",
    "PREDICTIONS",
    "PROMOTION",
    "RECURRENT",
    "REGRESSION",
    "RELU",
    "SAME_IN_ANY_ORDER",
    "SIX_IN_ANY_ORDER",
    "SIX_NUMBERS",
    "STAGNATION",
    "TWO_VARIANCES",
    "WHAT_NUMPY_GAVE",
    "WHAT_PARTS_THE_LINES",
    "WHERE_FROM",
    "WHICH_ACTIVATION",
    "ZERO_DIMENSIONS",
]
