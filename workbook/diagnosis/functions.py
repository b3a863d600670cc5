"""One function: why does calling it again give something else?

Owns the runs that are compared: three calls in one process under calm conditions, and two in
another under other ones. Knows nothing of how an answer is worded.
"""

from __future__ import annotations

from typing import Any

import torch

from workbook.diagnosis.asking import CALM, STORM, Plan, Session, Unusable, difference, plan
from workbook.diagnosis.interventions import HOLDS, Intervention
from workbook.diagnosis.reply import Reply
from workbook.diagnosis.search import Active, Search, applicable, names, search
from workbook.diagnosis.values import Gap

ALL = frozenset(STORM)
CALLS = 3


class Function:
    """The runs of one function (or of a module called again), measured against one another."""

    def __init__(self, session: Session, index: int = 0, **fixed: Any) -> None:
        self.session = session
        self.index = index
        self.fixed = fixed
        self.steps = (index,) * (1 if session.call.kind == "model" else CALLS)
        self.trained: tuple[tuple[int, int], ...] = ()
        self.calm = session.first(self._plan(ALL, frozenset()))
        _check(self.calm, session)
        self.trained = tuple(training(self.calm.facts(i)) for i in range(len(self.calm.outcomes)))
        self.words = self._words()

    def _plan(self, held: frozenset[str], active: Active, **more: Any) -> Plan:
        on, between = names(active, "on"), names(active, "between")
        given = {"on": on, "between": between, "trained": self.trained, **self.fixed, **more}
        given["on"] = on | self.fixed.get("on", frozenset()) | more.get("on", frozenset())
        return plan(*self.steps, held=held, **given)

    def _words(self) -> set[str]:
        words: set[str] = set()
        for number in range(len(self.calm.outcomes)):
            facts = self.calm.facts(number)
            words |= set(facts["words"])
            words |= {f"late {name}" for name in ("dropout", "norm") if facts["lists"].get(name)}
        if torch.cuda.is_available():
            words |= {"cuda", "deterministic"}
        else:
            self.session.tell(
                "cuDNN's and CUDA's switches: not tried, there is no CUDA device here"
            )
        words |= set(self.calm.data.get("import", {}).get("words", ()))
        words |= {f"changed {kind}" for rows in self.calm.data["changed"] for _, kind in rows}
        return words

    def measure(self, active: Active) -> Gap:
        """The largest gap between any of the calls, with these interventions."""
        held = names(active, "hold")
        runs = [self.session.run(self._plan(ALL, active))]
        if not self.dims <= held:
            runs.append(self.session.run(self._plan((ALL - self.dims) | held, active)))
        worst = Gap(True)
        for reply in runs:
            for number in range(len(runs[0].outcomes)):
                one = difference(runs[0], 0, reply, number)
                if not one.same and (
                    worst.same or not one.comparable or one.relative > worst.relative
                ):
                    worst = one
        return worst

    dims: frozenset[str] = ALL

    def find(self) -> tuple[Search | None, Gap]:
        """The needed interventions, or None where nothing changes the result."""
        base = self.measure(frozenset())
        self._tell(base)
        if base.same:
            return None, base
        self.dims = frozenset(one.name for one in HOLDS if self._matters(one))
        candidates = [
            one
            for one in applicable(self.words | self._dim_words())
            if one.how != "hold" or one.name in self.dims
        ]
        again = any(
            self.calm.code(0) != self.calm.code(i) for i in range(1, len(self.calm.outcomes))
        )
        if not again and "threads" not in self.words:
            candidates = [one for one in candidates if one.how != "between"]
        candidates = [
            one for one in candidates if one.cause not in _NOT_ALONE and one.name not in _LATE
        ]
        found = search(self.measure, candidates, self.measure(frozenset()))
        if not found.rest.same and again:
            fork = [one for one in applicable({"hidden state"}) if one.name == "fork"]
            found = search(self.measure, [*candidates, *fork], base)
        return found, base

    def find_again(self) -> tuple[Search | None, Gap]:
        """The same for repeated calls in one process alone."""
        base = self.measure(frozenset())
        self.session.tell(f"{len(self.calm.outcomes)} calls in one process: {base.words}")
        if base.same:
            return None, base
        candidates = [
            one
            for one in applicable(self.words | {"noise"})
            if one.how != "hold" and one.cause not in _NOT_ALONE
        ]
        return search(self.measure, candidates, base), base

    def _matters(self, one: Intervention) -> bool:
        if one.needs and not self.words & set(one.needs):
            self.session.tell(f"{one.words}: not tried, the program uses nothing of the kind")
            return False
        alone = self.session.run(self._plan(ALL - {one.name}, frozenset()))
        moved = any(alone.code(i) != self.calm.code(i) for i in range(len(self.calm.outcomes)))
        self.session.tell(
            f"only {_CONDITION[one.name]}: {'another result' if moved else 'the same result'}"
        )
        return moved

    def _dim_words(self) -> set[str]:
        words: set[str] = set()
        if "threads" in self.dims:
            words |= {"deterministic", "overlap"}
        return words

    def _tell(self, base: Gap) -> None:
        same = all(
            self.calm.code(0) == self.calm.code(i) for i in range(1, len(self.calm.outcomes))
        )
        count = len(self.calm.outcomes)
        self.session.tell(
            f"{count} calls in one process: {'equal in every bit' if same else 'different'}"
        )
        words = ", ".join(_CONDITION[name] for name in CALM)
        self.session.tell(f"a fresh process with {words}: {base.words}")


_CONDITION = {
    "rng": "other generator states",
    "clock": "another time of day",
    "files": "folders listed backwards",
    "poison": "NaN in memory handed out unwritten",
    "threads": "four threads instead of one",
    "switch": "quicker thread switches",
    "hash": "another hash seed",
}
# The first costs a process; holding the hash seed says what the others say.
_LATE = ("fork", "sorted-sets", "filled-sets")
# Interventions on how a program computes cannot explain why one program gives two results.
_NOT_ALONE = frozenset(
    (
        "reduced-precision",
        "dtype",
        "compile",
        "autocast-cache",
        "memory-layout",
        "batch-size",
        "batch-coupling",
        "batch-statistics",
        "checkpoint-incomplete",
        "reseeded",
        "device-generator",
        "cpu-capability",
    )
)


def training(facts: dict[str, Any]) -> tuple[int, int]:
    """How many dropout and norm calls had been made when backward was last called."""
    counts = facts["counts"]
    return counts.get("trained dropout", 0), counts.get("trained norm", 0)


def _check(reply: Reply, session: Session) -> None:
    first = reply.outcomes[0] if reply.outcomes else {"raised": "nothing came back"}
    if "raised" in first:
        raise Unusable(f"the function raises {first['raised']}", tuple(first.get("traceback", ())))
    for number, outcome in enumerate(reply.outcomes[1:], start=2):
        if "raised" in outcome:
            session.note(f"Call {number} in the same process raises {outcome['raised']}.")
