"""Random streams: seeds that are set again, helpers whose seeds end with them, and their states.

Owns the patches of what sets a seed, and the states of the global generators.
"""

from __future__ import annotations

import contextlib
import functools
import random
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.arguments import wrapped
from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.keyed import Epoch, KeyedDraws, Still, keyed_others
from workbook.diagnosis.interventions.patching import aside
from workbook.diagnosis.probes.facts import FACTS, Fact


def global_states() -> tuple[Any, ...]:
    """Give the states of the global generators of torch, its CUDA devices, NumPy and `random`."""
    return (
        torch.default_generator.get_state(),
        np.random.mtrand._rand.get_state(),
        random._inst.getstate(),  # type: ignore[attr-defined]
        torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None,
    )


def put_global_states(states: tuple[Any, ...]) -> None:
    """Give the global generators the states that `global_states` returned."""
    torch.default_generator.set_state(states[0])
    np.random.mtrand._rand.set_state(states[1])
    random._inst.setstate(states[2])  # type: ignore[attr-defined]
    if states[3] is not None:
        torch.cuda.set_rng_state_all(states[3])
    elif torch.cuda.is_initialized():  # first used since
        torch.cuda.manual_seed_all(torch.initial_seed())


_HELPERS: list[Any] = []  # for each helper that is running: the states before it set a seed


def _local(_: str, real: Any) -> Any:
    """Give a helper whose seeds end with it."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        _HELPERS.append(None)
        try:
            return real(*args, **kwargs)
        finally:
            states = _HELPERS.pop()
            if states is not None:
                put_global_states(states)

    return aside(real, call)


def _seeds(run: Setting) -> None:
    """Note that seeds are set; only the first set before any draw may count."""
    deaf, epoch = run.has(FIRST_SEED), _epoch(run)
    if epoch is not None:
        keyed_others(epoch)

    def patched(owner: Any, name: str, generator: str) -> None:
        real = getattr(owner, name)

        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            if _HELPERS and _HELPERS[-1] is None:
                _HELPERS[-1] = global_states()
            number = FACTS.count(f"seed {generator}")
            FACTS.add(Fact.SEEDS)
            if number > 1:
                FACTS.add(Fact.SEEDS_AGAIN)
                if deaf:
                    return torch.default_generator if generator == "torch" else None
            if epoch is not None:
                epoch.set(args if len(repr(args)) < 80 else "state")
            if run.has(ONE_SEED) and args and isinstance(args[0], int):
                args = (0, *args[1:])
            return real(*args, **kwargs)

        setattr(owner, name, call)

    patched(torch, "manual_seed", "torch")
    torch.random.manual_seed = torch.manual_seed
    patched(torch, "set_rng_state", "torch")
    torch.random.set_rng_state = torch.set_rng_state
    patched(np.random, "seed", "numpy")
    patched(np.random, "set_state", "numpy")
    patched(random, "seed", "random")
    patched(random, "setstate", "random")
    real_fork = torch.random.fork_rng

    def fork_rng(*args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.SEEDS_AGAIN)
        return contextlib.nullcontext() if deaf else real_fork(*args, **kwargs)

    torch.random.fork_rng = fork_rng


def _epoch(run: Setting) -> Epoch | None:
    if not (run.has(KEYED) or run.has(KEYED_SEEDS)):
        return None
    if "epoch" not in run.given:
        run.given["epoch"] = Epoch(not run.has(KEYED), run.given.get("rng") or 1)
    made: Epoch = run.given["epoch"]
    return made


def _modes(run: Setting) -> None:
    if run.has(STILL):
        run.stack.enter_context(Still())
    if (epoch := _epoch(run)) is not None:
        run.stack.enter_context(KeyedDraws(epoch))


def _local_seeds(run: Setting) -> None:
    for module in run.modules if run.has(LOCAL_SEEDS) else ():
        wrapped(module, run.entries, _local)


FIRST_SEED = on(
    "first-seed", "reseeded", "only the first seed counts", 64,
    Fact.SEEDS_AGAIN, axes=PAIR, install=_seeds, stage=Stage.SEEDS, rivals="seeds", draws=True,
)  # fmt: skip
LOCAL_SEEDS = on(
    "local-seeds", "reseeded", "a seed set in a helper counts in that helper only", 65,
    Fact.SEEDS_AGAIN, axes=PAIR, install=_local_seeds, stage=Stage.PROGRAM, rivals="seeds",
    draws=True,
)  # fmt: skip
KEYED_SEEDS = on(
    "keyed-seeds", "generator-shift", "each draw keeps its numbers, whatever was drawn in between",
    66, Fact.DRAWS, axes=PAIR, install=_modes, stage=Stage.MODES, renumbers=True, draws=True,
)  # fmt: skip
_ONE_MORE = (  # its numbers do not come from no seed, but from one more
    (Fact.SEEDS_UNLIKE, "reseeded", "One of them sets a seed more often than the other."),
)
ONE_SEED = on(
    "one-seed", "random-numbers", "every seed is the same number", 76,
    Fact.SEEDS, axes=AGAIN | PAIR, install=_seeds, stage=Stage.SEEDS, renumbers=True, draws=True,
    finer=_ONE_MORE,
)  # fmt: skip
KEYED = on(
    "keyed", "random-numbers", "each draw keeps its numbers, whatever the seed", 78,
    Fact.DRAWS, axes=PAIR, install=_modes, stage=Stage.MODES, renumbers=True, draws=True,
    finer=_ONE_MORE,
)  # fmt: skip
STILL = on(
    "still", "random-numbers", "each row of a batch is given the same numbers", 99,
    axes=frozenset(), install=_modes, stage=Stage.MODES,
)  # fmt: skip
ROWS = (FIRST_SEED, LOCAL_SEEDS, KEYED_SEEDS, ONE_SEED, KEYED, STILL)
