"""Random streams: seeds that are set again, helpers whose seeds end with them, keyed draws.

Owns the patches of what sets a seed.
"""

from __future__ import annotations

import contextlib
import random
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.keyed import Epoch, KeyedDraws, Still, keyed_others
from workbook.diagnosis.patching import wrap, wrap_helpers
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import global_states, put_global_states

_HELPERS: list[Any] = []  # for each helper that is running: the states before it set a seed


def _seeds(run: Setting) -> None:
    """Note that seeds are set; only the first set before any draw may count."""
    epoch = _epoch(run)
    if epoch is not None:
        keyed_others(epoch)

    def setting(library: str) -> Any:
        def seed(real: Any, *args: Any, **kwargs: Any) -> Any:
            if _HELPERS and _HELPERS[-1] is None:
                _HELPERS[-1] = global_states()
            FACTS.add(Fact.SEEDS)
            if FACTS.count(f"seed {library}") > 1:
                FACTS.add(Fact.SEEDS_AGAIN)
                if run.has(FIRST_SEED):
                    return torch.default_generator if library == "torch" else None
            if epoch is not None:
                epoch.set(args if len(repr(args)) < 80 else "state")
            if run.has(ONE_SEED) and args and isinstance(args[0], int):
                args = (0, *args[1:])
            return real(*args, **kwargs)

        return seed

    def fork(real: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.SEEDS_AGAIN)
        return contextlib.nullcontext() if run.has(FIRST_SEED) else real(*args, **kwargs)

    wrap(setting("torch"), torch, "manual_seed", "set_rng_state")
    wrap(setting("numpy"), np.random, "seed", "set_state")
    wrap(setting("random"), random, "seed", "setstate")
    wrap(fork, torch.random, "fork_rng")
    torch.random.manual_seed, torch.random.set_rng_state = torch.manual_seed, torch.set_rng_state


def _epoch(run: Setting) -> Epoch | None:
    """Give what counts the draws since the last seed, where draws are keyed."""
    if not (run.has(KEYED) or run.has(KEYED_SEEDS)):
        return None
    made = Epoch(not run.has(KEYED), run.given.get("rng") or 1)
    return run.given.setdefault("epoch", made)  # type: ignore[no-any-return]


def _local_seeds(run: Setting) -> None:
    """Let the seeds that a helper sets end with it."""

    def helper(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        _HELPERS.append(None)
        try:
            return real(*args, **kwargs)
        finally:
            states = _HELPERS.pop()
            if states is not None:
                put_global_states(states)

    if run.has(LOCAL_SEEDS):
        wrap_helpers(run, helper)


def _keyed(run: Setting) -> KeyedDraws:
    epoch = _epoch(run)
    if epoch is None:
        raise ValueError("draws are keyed where a row that keys them is active")
    return KeyedDraws(epoch)


FIRST_SEED = on(
    "first-seed", "reseeded", "only the first seed counts", 64, Fact.SEEDS_AGAIN, axes=PAIR,
    install=_seeds, stage=Stage.SEEDS, rivals="seeds", draws=True)  # fmt: skip
LOCAL_SEEDS = on(
    "local-seeds", "reseeded", "a seed set in a helper counts in that helper only", 65,
    Fact.SEEDS_AGAIN, axes=PAIR, install=_local_seeds, stage=Stage.PROGRAM, rivals="seeds",
    draws=True,
    fix="Give the helper a torch.Generator of its own, or call it under "
        "torch.random.fork_rng().")  # fmt: skip
KEYED_SEEDS = on(
    "keyed-seeds", "generator-shift", "each draw keeps its numbers, whatever was drawn in between",
    66, Fact.DRAWS, axes=PAIR, mode=_keyed, renumbers=True, draws=True)  # fmt: skip
_ONE_MORE = (  # its numbers do not come from no seed, but from one more
    (Fact.SEEDS_UNLIKE, "reseeded", "One of them sets a seed more often than the other."),
)
ONE_SEED = on(
    "one-seed", "random-numbers", "every seed is the same number", 76, Fact.SEEDS,
    axes=AGAIN | PAIR, install=_seeds, stage=Stage.SEEDS, renumbers=True, draws=True,
    finer=_ONE_MORE,
    fix="Pass one fixed number as the seed on both sides and in every run, not the "
        "time or a hash.")  # fmt: skip
KEYED = on(
    "keyed", "random-numbers", "each draw keeps its numbers, whatever the seed", 78, Fact.DRAWS,
    axes=PAIR, mode=_keyed, renumbers=True, draws=True, finer=_ONE_MORE,
    fix="Set the same seed, at the same place, on both sides.")  # fmt: skip
STILL = on(
    "still", "random-numbers", "each row of a batch is given the same numbers", 99,
    axes=frozenset(), mode=lambda run: Still())  # fmt: skip
ROWS = (FIRST_SEED, LOCAL_SEEDS, KEYED_SEEDS, ONE_SEED, KEYED, STILL)
