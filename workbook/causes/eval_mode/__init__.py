"""Chapter 04: what evaluation mode switches, and what it does not."""

from workbook.causes.eval_mode.batch_mates import BATCH_MATES
from workbook.causes.eval_mode.dropout import SCALE, SWITCHES
from workbook.causes.eval_mode.every_module import EVERY_MODULE
from workbook.causes.eval_mode.exercises import (
    EXERCISES,
    FREEZE_STATISTICS,
    OBEY_THE_MODE,
    WITHOUT_DROPOUT,
)
from workbook.causes.eval_mode.inert import CUDNN_FLAGS, MEMORY_CHURN
from workbook.causes.eval_mode.predictions import (
    BATCH_OF_ONE,
    FLAGS_ON_LINEAR,
    FUNCTION_IN_EVAL,
    MEMORY,
    NO_GRAD_AND_DROPOUT,
    PREDICTIONS,
    RANDOM_IN_EVALUATION,
    SAME_BATCH_TWICE,
    SHIFTED_DRAWS,
    STATISTICS_UNDER_INFERENCE_MODE,
    WEIGHTS_WITHOUT_THE_LAYER,
    WITHOUT_RUNNING_STATISTICS,
)
from workbook.causes.eval_mode.removed import REMOVED_LAYER
from workbook.causes.eval_mode.running import BATCH_VARIANCE, DRIFT
from workbook.causes.eval_mode.stream import LATER_DRAWS
from workbook.causes.eval_mode.wrapped import WRAPPED_NAMES

EXPERIMENTS = (
    SWITCHES,
    SCALE,
    LATER_DRAWS,
    REMOVED_LAYER,
    BATCH_MATES,
    DRIFT,
    BATCH_VARIANCE,
    EVERY_MODULE,
    CUDNN_FLAGS,
    MEMORY_CHURN,
    WRAPPED_NAMES,
)

__all__ = [
    "BATCH_MATES",
    "BATCH_OF_ONE",
    "BATCH_VARIANCE",
    "CUDNN_FLAGS",
    "DRIFT",
    "EVERY_MODULE",
    "EXERCISES",
    "EXPERIMENTS",
    "FLAGS_ON_LINEAR",
    "FREEZE_STATISTICS",
    "FUNCTION_IN_EVAL",
    "LATER_DRAWS",
    "MEMORY",
    "MEMORY_CHURN",
    "NO_GRAD_AND_DROPOUT",
    "OBEY_THE_MODE",
    "PREDICTIONS",
    "RANDOM_IN_EVALUATION",
    "REMOVED_LAYER",
    "SAME_BATCH_TWICE",
    "SCALE",
    "SHIFTED_DRAWS",
    "STATISTICS_UNDER_INFERENCE_MODE",
    "SWITCHES",
    "WEIGHTS_WITHOUT_THE_LAYER",
    "WITHOUT_DROPOUT",
    "WITHOUT_RUNNING_STATISTICS",
]
