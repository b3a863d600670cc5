"""Chapter 05: what varies from run to run, how often to look, and what the switches do."""

from workbook.causes.cudnn.case import ON_THE_GPU
from workbook.causes.cudnn.catalogue import CATALOGUE
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES
from workbook.causes.cudnn.coin import COIN
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.exercises import (
    ANY_ORDER_OF_ARRIVAL,
    HOW_MANY_REPEATS,
    NAMED_IN_A_WARNING,
    SHARE_THAT_DIFFERS,
)
from workbook.causes.cudnn.flags import FLAGGED
from workbook.causes.cudnn.half_products import HALF_PRODUCTS
from workbook.causes.cudnn.hazards import ASYNCHRONOUS
from workbook.causes.cudnn.on_one_cpu import ON_ONE_CPU
from workbook.causes.cudnn.overflow import OVERFLOW
from workbook.causes.cudnn.predictions import (
    CPU_REPEATS,
    FRAGMENTED,
    HOW_RARE,
    MENDED_TRAINING,
    READ_AT_ONCE,
    TWO_LISTS_OR_ONE,
    WHAT_IT_PRINTS,
    WHICH_SETTING,
    WHICH_VARIES,
    WHO_USES_TF32,
)
from workbook.causes.cudnn.repeats import repeat as repeat
from workbook.causes.cudnn.switch_names import SWITCH_NAMES
from workbook.causes.cudnn.switches import SWITCHES
from workbook.causes.cudnn.tensor_float import TF32, TF32_REACH
from workbook.causes.cudnn.training import TRAINING
from workbook.causes.cudnn.unwritten import FILLED, UNWRITTEN
