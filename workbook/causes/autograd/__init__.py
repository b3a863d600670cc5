"""Chapter 03: what recording gradients changes, and what it does not."""

from workbook.causes.autograd.accumulation import ACCUMULATION, CLIPPING
from workbook.causes.autograd.autocast_cache import AUTOCAST_CACHE
from workbook.causes.autograd.close_values import CLOSE_VALUES
from workbook.causes.autograd.cut_graph import CUT_GRAPH
from workbook.causes.autograd.exercises import EXERCISES, MICRO_GRADIENT, OUT_OF_THE_GRADIENT
from workbook.causes.autograd.forward_modes import FORWARD_MODES
from workbook.causes.autograd.gradient_order import GRADIENT_ORDER, MICRO_BATCHES
from workbook.causes.autograd.kernel_choice import KERNEL_CHOICE
from workbook.causes.autograd.predictions import (
    AFTER_NO_GRAD,
    CACHED_WEIGHT,
    CLIPPING_BET,
    LINEAR_NO_GRAD,
    NEVER_CLEARED,
    PREDICTIONS,
    ROUND_THE_COUNTER,
    TRANSFORMER_NO_GRAD,
    WHICH_ORDER,
)
from workbook.causes.autograd.weight_norm import WEIGHT_NORM

EXPERIMENTS = (
    FORWARD_MODES,
    KERNEL_CHOICE,
    CUT_GRAPH,
    ACCUMULATION,
    GRADIENT_ORDER,
    MICRO_BATCHES,
    CLIPPING,
    WEIGHT_NORM,
    AUTOCAST_CACHE,
    CLOSE_VALUES,
)

__all__ = [
    "ACCUMULATION",
    "AFTER_NO_GRAD",
    "AUTOCAST_CACHE",
    "CACHED_WEIGHT",
    "CLIPPING",
    "CLIPPING_BET",
    "CUT_GRAPH",
    "EXERCISES",
    "EXPERIMENTS",
    "FORWARD_MODES",
    "GRADIENT_ORDER",
    "KERNEL_CHOICE",
    "LINEAR_NO_GRAD",
    "MICRO_BATCHES",
    "MICRO_GRADIENT",
    "NEVER_CLEARED",
    "OUT_OF_THE_GRADIENT",
    "PREDICTIONS",
    "ROUND_THE_COUNTER",
    "TRANSFORMER_NO_GRAD",
    "WEIGHT_NORM",
    "WHICH_ORDER",
]
