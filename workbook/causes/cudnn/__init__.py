"""Chapter 05: which operations vary from run to run on a GPU, and what the switches do."""

from workbook.causes.cudnn.arrival import ARRIVAL
from workbook.causes.cudnn.catalogue import CATALOGUE
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES
from workbook.causes.cudnn.division import DIVISION
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.exercises import (
    ANY_ORDER_OF_ARRIVAL,
    EXERCISES,
    SHARE_THAT_DIFFERS,
    WHICH_SWITCH,
)
from workbook.causes.cudnn.flags import FLAGGED
from workbook.causes.cudnn.predictions import (
    CUDNN_REPAIRS,
    FRAGMENTED,
    IN_ORDER_OF_ARRIVAL,
    PREDICTIONS,
    SIX_TRAININGS,
    TWO_LISTS_OR_ONE,
    WHAT_IT_PRINTS,
    WHICH_VARIES,
    WHO_USES_TF32,
)
from workbook.causes.cudnn.repeats import repeat
from workbook.causes.cudnn.switches import SWITCHES
from workbook.causes.cudnn.tensor_float import TF32
from workbook.causes.cudnn.training import TRAINING
from workbook.causes.cudnn.tree import TREE

EXPERIMENTS = (
    FLAGGED,
    ARRIVAL,
    TREE,
    DIVISION,
    CATALOGUE,
    SWITCHES,
    DOCUMENTED,
    TRAINING,
    TF32,
    CIRCUMSTANCES,
)

__all__ = [
    "ANY_ORDER_OF_ARRIVAL",
    "ARRIVAL",
    "CATALOGUE",
    "CIRCUMSTANCES",
    "CUDNN_REPAIRS",
    "DIVISION",
    "DOCUMENTED",
    "EXERCISES",
    "EXPERIMENTS",
    "FLAGGED",
    "FRAGMENTED",
    "IN_ORDER_OF_ARRIVAL",
    "PREDICTIONS",
    "SHARE_THAT_DIFFERS",
    "SIX_TRAININGS",
    "SWITCHES",
    "TF32",
    "TRAINING",
    "TREE",
    "TWO_LISTS_OR_ONE",
    "WHAT_IT_PRINTS",
    "WHICH_SWITCH",
    "WHICH_VARIES",
    "WHO_USES_TF32",
    "repeat",
]
