"""Chapter 04: what evaluation mode switches, and what it does not."""

from workbook.causes.eval_mode.batch_mates import BATCH_MATES
from workbook.causes.eval_mode.case import BATCH_SIZE
from workbook.causes.eval_mode.dropout import SWITCHES
from workbook.causes.eval_mode.every_module import EVERY_MODULE
from workbook.causes.eval_mode.exercises import (
    FREEZE_STATISTICS,
    OBEY_THE_MODE,
    REPAIR_THE_TRAINING,
    WITHOUT_DROPOUT,
)
from workbook.causes.eval_mode.predictions import (
    BATCH_OF_ONE,
    FUNCTION_IN_EVAL,
    HOW_MANY_BATCHES,
    NO_GRAD_AND_DROPOUT,
    SAME_BATCH_TWICE,
    STATISTICS_UNDER_INFERENCE_MODE,
    WEIGHTS_WITHOUT_THE_LAYER,
    WITHOUT_RUNNING_STATISTICS,
)
from workbook.causes.eval_mode.removed import REMOVED_LAYER
from workbook.causes.eval_mode.running import RUNNING_STATISTICS
from workbook.causes.eval_mode.wrapped import WRAPPED_NAMES
