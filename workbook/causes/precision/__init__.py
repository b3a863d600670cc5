"""Chapter 01: what a number format keeps and what it drops."""

from workbook.causes.precision.activation_error import ACTIVATION_ERROR
from workbook.causes.precision.bit_microscope import MICROSCOPE
from workbook.causes.precision.cancellation import VARIANCES
from workbook.causes.precision.case import FAILING_TOTAL
from workbook.causes.precision.conditioning import ILL_CONDITIONED
from workbook.causes.precision.confounders import FLOAT64_DATA, WHAT_NUMPY_GAVE, WHERE_FROM
from workbook.causes.precision.cost import COST
from workbook.causes.precision.deep_training import DEEP_TRAINING
from workbook.causes.precision.depth import DEPTH
from workbook.causes.precision.exercises import LAST_WHOLE_NUMBER, NEXT_VALUE, SAME_IN_ANY_ORDER
from workbook.causes.precision.four_products import FOUR_PRODUCTS
from workbook.causes.precision.hidden import HIDDEN
from workbook.causes.precision.limits import CATCH_THE_FAULT, LIMIT_OF_A_SUM
from workbook.causes.precision.literals import LITERALS
from workbook.causes.precision.matmul_error import MATMUL_ERROR
from workbook.causes.precision.mixed_dtypes import MIXED_DTYPES
from workbook.causes.precision.overflow import OVERFLOW
from workbook.causes.precision.predictions import (
    ONE_TENTH,
    ONE_ULP,
    RELU,
    TF32_NOTICED,
    TWO_VARIANCES,
    WHAT_HIDES,
    ZERO_DIMENSIONS,
)
from workbook.causes.precision.recurrent import RECURRENT
from workbook.causes.precision.regression import REGRESSION
from workbook.causes.precision.slices import SLICES
from workbook.causes.precision.sum_order import MANY_NUMBERS, SIX_NUMBERS
from workbook.causes.precision.type_promotion import PROMOTION
