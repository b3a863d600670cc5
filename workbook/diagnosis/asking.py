"""Asking for runs: one object for one diagnosis, with its deadline and what was tried so far.

Owns the building of requests, the cache of what was already run, and the difference between two
outcomes. Knows nothing of causes.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

from workbook.diagnosis.calls import Call
from workbook.diagnosis.interpreter import OutOfTime
from workbook.diagnosis.reply import Reply
from workbook.diagnosis.values import Gap, gap
from workbook.diagnosis.workers import Workers

CALM: dict[str, Any] = {
    "rng": 1,
    "clock": 0,
    "files": "sorted",
    "poison": "zero",
    "threads": 1,
    "switch": None,
    "hash": 0,
}
STORM: dict[str, Any] = {
    "rng": 2,
    "clock": 1,
    "files": "reversed",
    "poison": "nan",
    "threads": 4,
    "switch": 1e-6,
    "hash": 1,
}
_MODULE_NAMES = frozenset(("torch", "numpy", "workbook", "test", "random", "types", "copy"))


class Unusable(Exception):
    """The code gave nothing to diagnose; the text is a sentence, `traceback` the user's frames."""

    def __init__(self, sentence: str, traceback: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.traceback = traceback


@dataclass(frozen=True)
class Plan:
    """One run to ask for: which targets in order, under what, with which interventions on."""

    steps: tuple[int, ...]
    given: tuple[tuple[str, Any], ...]
    on: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    factors: tuple[float, ...] = ()
    split: frozenset[str] = frozenset()
    trained: tuple[tuple[int, int], ...] = ()  # dropout and norm calls made in training, by step
    variants: tuple[str, ...] = ()
    trace: bool = False


def plan(*steps: int, held: frozenset[str] = frozenset(STORM), **more: Any) -> Plan:
    """A run in calm where `held` names everything, under other conditions where it does not."""
    given = {name: (CALM if name in held else STORM)[name] for name in CALM}
    return Plan(steps, tuple(given.items()), **more)


@dataclass
class Session:
    """Runs for one call, until the deadline."""

    workers: Workers
    call: Call
    deadline: float
    tried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: frozenset[str] = frozenset()
    now: float = field(default_factory=lambda: float(int(time.time())))  # all runs start then
    _known: dict[Plan, Reply] = field(default_factory=dict)

    def left(self) -> float:
        return self.deadline - time.monotonic()

    def run(self, wanted: Plan, *, again: bool = False) -> Reply:
        """The reply to a plan, from memory where it was asked before (unless `again`)."""
        known = self._known.get(wanted)
        if known is not None and not again:
            return known
        if self.left() <= 0:
            raise OutOfTime("the time is used up")
        given = dict(wanted.given)
        if "torch._inductor.compile_fx" in self.load:
            given["poison"] = None  # a dispatch mode would keep the compiler away
        files = list(dict.fromkeys(str(t.path) for t in self.call.targets))
        request = {
            "kind": self.call.kind,
            "files": [[path, _module_name(path, i)] for i, path in enumerate(files)],
            "steps": [
                {
                    "file": files.index(str(self.call.targets[i].path)),
                    "name": self.call.targets[i].name,
                }
                for i in wanted.steps
            ],
            "set": {**given, "now": self.now},
            "on": sorted(wanted.on),
            "between": sorted(wanted.between),
            "factors": list(wanted.factors),
            "split": sorted(wanted.split),
            "trained": [{"dropout": d, "norm": n} for d, n in wanted.trained],
            "variants": list(wanted.variants),
            "trace": wanted.trace,
            "load": sorted(self.load),
        }
        reply = self.workers.run(request, hash_seed=given["hash"], seconds=self.left())
        if reply.timed_out:
            raise OutOfTime("the function had not returned when the time was used up")
        self._known[wanted] = reply
        return reply

    def first(self, wanted: Plan) -> Reply:
        """The reply to the first run of a target; Unusable where its code cannot be looked at."""
        reply = self.run(wanted)
        for sentence in reply.surroundings():
            self.note(sentence)
        if reply.cannot is not None:
            raise Unusable(reply.cannot, tuple(reply.data.get("traceback", ())))
        return reply

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def tell(self, text: str) -> None:
        if text not in self.tried:
            self.tried.append(text)


def difference(one: Reply, i: int, other: Reply, j: int) -> Gap:
    """How far outcome `i` of one reply is from outcome `j` of the other."""
    same = one.code(i) == other.code(j)
    raised = any(
        k >= len(r.outcomes) or "raised" in r.outcomes[k] for r, k in ((one, i), (other, j))
    )
    if raised:
        return Gap(False, comparable=False)
    if same:
        return Gap(True)
    return gap(one.tensors(i), other.tensors(j), False, one.texts(i) == other.texts(j))


def doubled(wanted: Plan) -> Plan:
    """The same run in float64."""
    return replace(wanted, on=wanted.on | {"double"})


def _module_name(path: str, number: int) -> str:
    stem = path.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].removesuffix(".py")
    plain = stem.isidentifier() and stem not in _MODULE_NAMES
    return stem if plain and not number else f"program_{number}_{json.dumps(stem).strip(chr(34))}"
