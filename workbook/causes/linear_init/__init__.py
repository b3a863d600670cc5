"""Chapter 06: the seed, the stream of draws, and what nn.Linear takes from it."""

from workbook.causes.linear_init.by_hand import BY_HAND
from workbook.causes.linear_init.draws import LEDGER, PREFIX
from workbook.causes.linear_init.exercises import (
    DRAWS_OF_A_LAYER,
    EXERCISES,
    NOT_SHIFTED,
)
from workbook.causes.linear_init.inside import DRAWN_INSIDE
from workbook.causes.linear_init.loaders import LOADER_SETTINGS
from workbook.causes.linear_init.predictions import (
    BEFORE_THE_PRODUCT,
    CALLED_AGAIN,
    COPIED_GENERATOR,
    FIFTEEN,
    IN_FLOAT64,
    ONE_SEED_EACH,
    PREDICTIONS,
    THREE_LAYERS,
    UNSEEDED_INPUT,
    UNUSED_LAYER,
    WHO_FOLLOWS,
)
from workbook.causes.linear_init.programs import DEVICES, RUNS
from workbook.causes.linear_init.seed_spread import SEED_SPREAD
from workbook.causes.linear_init.sources import SEEDED, WORKERS
from workbook.causes.linear_init.weights import DISTRIBUTION, DTYPE

EXPERIMENTS = (
    RUNS,
    LEDGER,
    PREFIX,
    DISTRIBUTION,
    DTYPE,
    DEVICES,
    SEEDED,
    WORKERS,
    SEED_SPREAD,
    BY_HAND,
    DRAWN_INSIDE,
    LOADER_SETTINGS,
)

__all__ = [
    "BEFORE_THE_PRODUCT",
    "BY_HAND",
    "CALLED_AGAIN",
    "COPIED_GENERATOR",
    "DEVICES",
    "DISTRIBUTION",
    "DRAWS_OF_A_LAYER",
    "DTYPE",
    "EXERCISES",
    "EXPERIMENTS",
    "FIFTEEN",
    "IN_FLOAT64",
    "LEDGER",
    "NOT_SHIFTED",
    "ONE_SEED_EACH",
    "PREDICTIONS",
    "PREFIX",
    "RUNS",
    "SEEDED",
    "SEED_SPREAD",
    "THREE_LAYERS",
    "UNSEEDED_INPUT",
    "UNUSED_LAYER",
    "WHO_FOLLOWS",
    "WORKERS",
]
