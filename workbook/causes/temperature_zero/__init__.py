"""Chapter 09: why greedy decoding answers differently, though nothing is drawn."""

from workbook.causes.temperature_zero.case import COMPANY
from workbook.causes.temperature_zero.decoding import ALONE
from workbook.causes.temperature_zero.exercises import (
    ROWS_IN_COMPANY,
    SAFE_TOKENS,
    SAMPLES_IN_COMPANY,
)
from workbook.causes.temperature_zero.margins import MARGINS
from workbook.causes.temperature_zero.predictions import (
    HOW_OFTEN_TIED,
    PADDED_LEFT,
    SAFE_LEAD,
    SEED_IN_A_BATCH,
    WHAT_CAN_CHANGE,
)
from workbook.causes.temperature_zero.rows import ROWS
from workbook.causes.temperature_zero.ways import WAYS_TO_COMPUTE
