"""What is put back before a function is called again: what it left changed, one kind at a time.

Owns the rows, and what was taken down before the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from workbook.diagnosis.interventions import entropy, surroundings
from workbook.diagnosis.interventions.intervention import AFTER, AGAIN, Axis, Intervention
from workbook.diagnosis.interventions.streams import global_states, put_global_states
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.snapshot import Snapshot


@dataclass(frozen=True)
class Before:
    """How everything was before the first call."""

    snapshot: Snapshot
    states: tuple[Any, ...]
    entropy: int
    clock: int


def before(snapshot: Snapshot) -> Before:
    """Take down how everything is."""
    counts = (entropy.COUNTED["entropy"], surroundings.count())
    return Before(snapshot, global_states(), *counts)


def _generators(was: Before) -> None:
    put_global_states(was.states)
    was.snapshot.rewind()
    entropy.COUNTED["entropy"] = was.entropy


def _contents(kind: str) -> Callable[[Before], None]:
    return lambda was: was.snapshot.put_back(frozenset({kind}))


def _row(
    name: str, cause: str, words: str, rank: int, fact: Fact, put_back: Any,
    axes: frozenset[Axis] = AGAIN | AFTER,
) -> Intervention:  # fmt: skip
    return Intervention(
        name, "between", cause, words, rank, frozenset({fact}), axes, put_back=put_back
    )


FORK = _row("fork", "module-state", "each call has a process of its own", 92,
            Fact.KEEPS_SOMETHING, None)  # fmt: skip
ROWS = (
    _row("clock", "wall-clock", "the clock is put back", 50, Fact.CLOCK,
         lambda was: surroundings.rewind(was.clock)),
    _row("gradient", "gradient-accumulation", "gradients are put back", 51, Fact.CHANGES_GRADIENT,
         _contents("gradient")),
    _row("data", "input-mutated", "the data that the program keeps is put back", 52,
         Fact.CHANGES_DATA, _contents("data")),
    _row("module", "module-state", "modules and objects are put back", 53, Fact.CHANGES_MODULE,
         _contents("module")),
    _row("state", "module-state", "variables of the program are put back", 54, Fact.CHANGES_STATE,
         _contents("state")),
    _row("default-dtype", "dtype", "the default dtype is put back", 55, Fact.LEAVES_DTYPE,
         lambda was: torch.set_default_dtype(torch.float32), AFTER),
    _row("num-threads", "thread-count", "the number of threads is put back", 56,
         Fact.LEAVES_THREADS, lambda was: torch.set_num_threads(1)),
    _row("rng", "generator-shift", "every generator is put back", 90, Fact.ALWAYS, _generators),
    FORK,
)  # fmt: skip
KEPT = frozenset(("data", "module", "state", "gradient", "default-dtype", "num-threads"))
GENERATORS, CLOCK = frozenset({"rng"}), frozenset({"clock"})
