"""Chapter 06: the seed, the stream of draws, and what nn.Linear takes from it."""

from workbook.causes.linear_init.by_hand import BY_HAND
from workbook.causes.linear_init.case import PASSES_ALONE
from workbook.causes.linear_init.draws import LEDGER, PREFIX
from workbook.causes.linear_init.exercises import DRAWS_OF_A_LAYER, NOT_SHIFTED
from workbook.causes.linear_init.inside import DRAWN_INSIDE
from workbook.causes.linear_init.loaders import LOADER_SETTINGS
from workbook.causes.linear_init.predictions import (
    BEFORE_THE_PRODUCT,
    FIFTEEN,
    FROM_TWENTY_SEEDS,
    GENERATOR_IN_A_DATASET,
    IN_FLOAT64,
    THREE_LAYERS,
    UNUSED_LAYER,
)
from workbook.causes.linear_init.programs import DEVICES, RUNS
from workbook.causes.linear_init.seed_spread import SEED_SPREAD
from workbook.causes.linear_init.sources import SEEDED, WORKERS
from workbook.causes.linear_init.weights import DISTRIBUTION, DTYPE
