"""Chapter 08: where infinities and NaN come from, how they travel, and how to find the first."""

from workbook.causes.why_nan.case import LOST_WEIGHTS
from workbook.causes.why_nan.exercises import FIRST_NOT_FINITE, REPAIR_THE_LOSS, SAFE_ROOT
from workbook.causes.why_nan.guards import GUARDED
from workbook.causes.why_nan.loss_scale import LOSS_SCALE
from workbook.causes.why_nan.predictions import (
    ADAM_IN_HALF,
    FULLY_MASKED,
    LAST_EXPONENTIAL,
    ONE_OF_A_THOUSAND,
    STOP_WHEN_LARGE,
    UNDER_A_SCALER,
    WHERE_GRADIENT,
)
from workbook.causes.why_nan.ranges import RANGES
from workbook.causes.why_nan.training import NAN_TRAINING
from workbook.causes.why_nan.travel import TRAVEL
