"""Chapter 05: what varies from run to run, how often to look, and what the switches do."""

from workbook.causes.cudnn.arrival import ARRIVAL
from workbook.causes.cudnn.catalogue import CATALOGUE
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES
from workbook.causes.cudnn.coin import COIN
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.exercises import (
    ANY_ORDER_OF_ARRIVAL,
    EXERCISES,
    HOW_MANY_REPEATS,
    SHARE_THAT_DIFFERS,
    WHICH_SWITCH,
)
from workbook.causes.cudnn.flags import FLAGGED
from workbook.causes.cudnn.half_products import HALF_PRODUCTS
from workbook.causes.cudnn.hazards import HAZARDS
from workbook.causes.cudnn.on_threads import ON_THREADS
from workbook.causes.cudnn.overflow import OVERFLOW
from workbook.causes.cudnn.predictions import (
    CPU_REPEATS,
    CUDNN_REPAIRS,
    FRAGMENTED,
    HOW_RARE,
    PREDICTIONS,
    READ_AT_ONCE,
    SIX_TRAININGS,
    TWO_LISTS_OR_ONE,
    WHAT_IT_PRINTS,
    WHICH_VARIES,
    WHO_USES_TF32,
)
from workbook.causes.cudnn.repeats import repeat
from workbook.causes.cudnn.switch_names import SWITCH_NAMES
from workbook.causes.cudnn.switches import SWITCHES
from workbook.causes.cudnn.tensor_float import TF32, TF32_REACH
from workbook.causes.cudnn.training import TRAINING
from workbook.causes.cudnn.unwritten import FILLED, UNWRITTEN

EXPERIMENTS = (
    ON_THREADS,
    ARRIVAL,
    COIN,
    CATALOGUE,
    SWITCHES,
    DOCUMENTED,
    FILLED,
    UNWRITTEN,
    TRAINING,
    FLAGGED,
    TF32,
    TF32_REACH,
    SWITCH_NAMES,
    HALF_PRODUCTS,
    OVERFLOW,
    HAZARDS,
    CIRCUMSTANCES,
)

__all__ = [
    "ANY_ORDER_OF_ARRIVAL",
    "ARRIVAL",
    "CATALOGUE",
    "CIRCUMSTANCES",
    "COIN",
    "CPU_REPEATS",
    "CUDNN_REPAIRS",
    "DOCUMENTED",
    "EXERCISES",
    "EXPERIMENTS",
    "FILLED",
    "FLAGGED",
    "FRAGMENTED",
    "HALF_PRODUCTS",
    "HAZARDS",
    "HOW_MANY_REPEATS",
    "HOW_RARE",
    "ON_THREADS",
    "OVERFLOW",
    "PREDICTIONS",
    "READ_AT_ONCE",
    "SHARE_THAT_DIFFERS",
    "SIX_TRAININGS",
    "SWITCHES",
    "SWITCH_NAMES",
    "TF32",
    "TF32_REACH",
    "TRAINING",
    "TWO_LISTS_OR_ONE",
    "UNWRITTEN",
    "WHAT_IT_PRINTS",
    "WHICH_SWITCH",
    "WHICH_VARIES",
    "WHO_USES_TF32",
    "repeat",
]
