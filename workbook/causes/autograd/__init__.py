"""Chapter 03: what recording gradients changes, and what it does not."""

from workbook.causes.autograd.autocast_weight import AUTOCAST_WEIGHT
from workbook.causes.autograd.case import MICRO_TEXTS
from workbook.causes.autograd.clipping import CLIPPING
from workbook.causes.autograd.close_values import CLOSE_VALUES
from workbook.causes.autograd.exercises import MICRO_GRADIENT, OUT_OF_THE_GRADIENT, REPAIR_TRAINING
from workbook.causes.autograd.gradient_order import GRADIENT_ORDER, MICRO_BATCHES
from workbook.causes.autograd.not_recorded import NOT_RECORDED
from workbook.causes.autograd.predictions import (
    AFTER_NO_GRAD,
    TRANSFORMER_NO_GRAD,
    WHICH_ORDER,
    WHICH_WEIGHT,
    WRITTEN_THROUGH_DATA,
)
from workbook.causes.autograd.weight_norm import WEIGHT_NORM
from workbook.causes.autograd.without_gradients import WITHOUT_GRADIENTS
