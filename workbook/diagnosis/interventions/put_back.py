"""What is put back before a function is called again: what it left changed, one kind at a time.

Owns the rows, and what was taken down before the first call.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from workbook.diagnosis.interventions.intervention import AFTER, AGAIN, Axis, Intervention
from workbook.diagnosis.interventions.surroundings import COUNTED, LEFTOVERS, READ
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.generators import global_states, put_global_states
from workbook.diagnosis.probes.snapshot import Snapshot


@dataclass(frozen=True)
class Before:
    """How everything was before the first call, taken down when it is made."""

    snapshot: Snapshot
    restore: Callable[[], None] = lambda: None  # puts the files back
    states: tuple[Any, ...] = field(default_factory=global_states)
    counted: Counter[str] = field(default_factory=COUNTED.copy)


def _generators(was: Before) -> None:
    put_global_states(was.states)
    was.snapshot.rewind()
    read = COUNTED[READ]
    COUNTED.clear()
    COUNTED.update({**was.counted, READ: read})


def _clock(was: Before) -> None:
    COUNTED[READ] = was.counted[READ]


def _row(
    name: str, cause: str, words: str, rank: int, fact: Fact | None, put_back: Any = None,
    axes: frozenset[Axis] = AGAIN | AFTER, **more: Any,
) -> Intervention:  # fmt: skip
    """Give a row; without `put_back` it puts back the contents of its name's kind."""
    put_back = put_back or (lambda was: was.snapshot.put_back(frozenset({name})))
    facts = frozenset({fact} if fact else ())
    return Intervention(name, "between", cause, words, rank, facts, axes, put_back=put_back, **more)


FORK = _row("fork", "module-state", "each call has a process of its own", 92, None,
            lambda was: None)  # fmt: skip
ROWS = (
    _row("clock", "wall-clock", "the clock is put back", 50, Fact.CLOCK, _clock),
    _row("gradient", "gradient-accumulation", "gradients are put back", 51, Fact.CHANGES_GRADIENT,
         fix="Clear gradients before backward: x.grad = None, or optimizer.zero_grad()."),
    _row("data", "input-mutated", "the data that the program keeps is put back", 52,
         Fact.CHANGES_DATA, fix="Work on a copy (x.clone(), dict(options)), or use the operation "
         "that makes a new one."),
    _row("module", "module-state", "modules and objects are put back", 53, Fact.CHANGES_MODULE),
    _row("state", "module-state", "variables of the program are put back", 54, Fact.CHANGES_STATE),
    _row(LEFTOVERS.name, "leftover-files", "files are put back", 55, Fact.LEAVES_FILES,
         lambda was: was.restore(), AGAIN),
    _row("default-dtype", "dtype", "the default dtype is put back", 55, Fact.LEAVES_DTYPE,
         lambda was: torch.set_default_dtype(torch.float32), AFTER,
         fix="Name the dtype where a tensor is made, or set the default dtype back at the end."),
    _row("num-threads", "thread-count", "the number of threads is put back", 56,
         Fact.LEAVES_THREADS, lambda was: torch.set_num_threads(1),
         fix="Call torch.set_num_threads once, at the start, and not in the function."),
    _row("rng", "generator-shift", "every generator is put back", 90, Fact.ALWAYS, _generators,
         fix="To draw the same numbers in each call, seed where the call begins: "
         "torch.manual_seed(0), or generator.manual_seed(0) of a generator of its own. If each "
         "call should draw other numbers, nothing needs to change."),
    FORK,
)  # fmt: skip
KEPT = frozenset(("data", "module", "state", "gradient", "default-dtype", "num-threads"))
GENERATORS, CLOCK = frozenset({"rng"}), frozenset({"clock"})
