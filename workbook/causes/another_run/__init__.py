"""Chapter 10: resumed runs, workers, compiled functions and several ranks."""

from workbook.causes.another_run.buckets import BUCKETS
from workbook.causes.another_run.case import BEST_WEIGHTS
from workbook.causes.another_run.compiled import COMPILED
from workbook.causes.another_run.exercises import EXACT_RESUME, NOISE_OF_AN_ITEM, WHOLE_GRADIENT
from workbook.causes.another_run.loaders import WORKERS
from workbook.causes.another_run.predictions import (
    ADDED_LATER,
    BUCKET_SIZE,
    COMPILED_MASK,
    EVERY_SLOT,
    LEAVES_NO_TRACE,
    ONE_SEED_FOR_ALL,
    SEEDED_AGAIN,
    TWICE_THE_WORKERS,
    TWO_MEANS,
)
from workbook.causes.another_run.resume import RESUMED
from workbook.causes.another_run.ring import RING
from workbook.causes.another_run.shards import SHARDS
from workbook.causes.another_run.wrapped import WRAPPER
