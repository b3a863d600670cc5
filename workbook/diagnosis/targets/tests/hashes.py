"""A test whose outcome follows Python's hashes: all forks of one session share their seed.

Owns the sessions under other hash seeds. There everything else is held.
"""

import os
from collections.abc import Callable
from dataclasses import replace

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.surroundings import HASH, HASH_SEED
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets.explained import answered
from workbook.diagnosis.targets.tests.node import BOTH

_MOST = 6  # hash seeds; a test of which one order in two fails comes to the same in 3 of 100 cases


def explained(session: Session, outcomes: Callable[..., list[str]], known: Answer) -> Answer:
    """Give the answer where hash seeds change the outcome; else what is known, and what was tried.

    Each of two seeds has to come to the same again. `outcomes` runs the test once under each seed,
    at the same time where that can be.
    """
    if os.environ.get(HASH_SEED, "random") != "random":
        return known  # whoever set it has one order
    came: dict[str, int] = {}
    for seeds in [(seed, seed + 1) for seed in range(0, _MOST, 2)]:
        for way, seed in zip(outcomes(*map(_variable, seeds)), seeds, strict=True):
            came.setdefault(way, seed)
        if {"passed", "failed"} <= came.keys():
            break
    both = {way: seed for way, seed in came.items() if way in ("passed", "failed")}
    if len(both) < 2 or outcomes(*map(_variable, both.values())) != list(both):
        row = f"the hash seeds 0 to {_MOST - 1}: {', '.join(came)}"
        return replace(known, tried=(*known.tried, row))
    evidence = (
        f"with {HASH_SEED}={came['passed']} the test passes, with {came['failed']} it fails, each "
        "time; all else was held."
    )
    return answered(session, [Found(HASH.cause, "", evidence, BOTH)])


def _variable(seed: int) -> dict[str, str]:
    return {HASH_SEED: str(seed)}
