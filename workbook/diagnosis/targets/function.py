"""One function: why does calling it again give something else?

Owns the runs that are compared: three calls in one process under calm conditions, and two in
another under other ones. Knows nothing of how an answer is worded.
"""

from __future__ import annotations

from typing import Any

import torch

from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.put_back import FORK
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.search import Active, Search, names, search
from workbook.diagnosis.session import (
    STORM,
    Plan,
    Session,
    Unusable,
    difference,
    plan,
    traced,
)
from workbook.trace import Trace

ALL = frozenset(STORM)
CALLS = 3


class Function:
    """The runs of one function (or of a module called again), measured against one another."""

    def __init__(self, session: Session, index: int = 0, **fixed: Any) -> None:
        self.session = session
        self.index = index
        self.fixed = fixed
        self.steps = (index,) * (1 if session.call.kind in ("model", "command") else CALLS)
        self.trained: tuple[tuple[int, int], ...] = ()
        self.calm = session.first(self._plan(ALL, frozenset()))
        _check(self.calm, session)
        self.trained = tuple(training(self.calm.facts(i)) for i in range(len(self.calm.outcomes)))
        self.facts = self._facts()

    def _plan(self, held: frozenset[str], active: Active, **more: Any) -> Plan:
        on, between = names(active, "on"), names(active, "between")
        given = {"on": on, "between": between, "trained": self.trained, **self.fixed, **more}
        given["on"] = on | self.fixed.get("on", frozenset()) | more.get("on", frozenset())
        return plan(*self.steps, held=held, **given)

    def _facts(self) -> set[Fact]:
        facts = self.calm.used()
        for number in range(len(self.calm.outcomes)):
            facts |= self.calm.used(number) | self.calm.changes(number)
        if torch.cuda.is_available():
            facts.add(Fact.CUDA)
        else:
            self.session.tell(
                "cuDNN's and CUDA's switches: not tried, there is no CUDA device here"
            )
        return facts

    def measure(self, active: Active) -> Gap:
        """The largest gap between any of the calls, with these interventions."""
        held = names(active, "hold")
        runs = [self.session.run(self._plan(ALL, active))]
        if not self.dims <= held:
            runs.append(self.session.run(self._plan((ALL - self.dims) | held, active)))
        worst = Gap(True)
        for result in runs:
            for number in range(len(runs[0].outcomes)):
                one = difference(runs[0], 0, result, number)
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
        self.session.progress.began(base, self.traces)
        self._parted()
        self.dims = frozenset(one.name for one in HOLDS if self._matters(one))
        facts = self.facts | ({Fact.THREADS_MATTER} if "threads" in self.dims else set())
        again = any(self.calm.code(0) != self.calm.code(i) for i in range(1, self.count))
        candidates = [one for one in self._candidates(facts) if self._can_matter(one, again)]
        found = self._search(candidates, self.measure(frozenset()))
        if not found.rest.same and again:
            found = self._search([*candidates, FORK], base)
        return found, base

    @property
    def count(self) -> int:
        """How many calls were made."""
        return len(self.calm.outcomes)

    def _parted(self) -> None:
        """Note the step of a training at which a call parts from the first one, if it does."""
        found = steps.parted(self.calm.steps(0), self.calm.steps(self.count - 1))
        if found is not None:
            self.session.note(steps.sentence(*found))

    def _candidates(self, facts: set[Fact]) -> list[Intervention]:
        return [one for one in ROWS if one.applies(Axis.AGAIN, facts)]

    def _can_matter(self, one: Intervention, again: bool) -> bool:
        if one.how == "hold":
            return one.name in self.dims
        return one.how == "on" or again or Fact.THREADS in self.facts

    def find_again(self) -> tuple[Search | None, Gap]:
        """The same for repeated calls in one process alone."""
        base = self.measure(frozenset())
        self.session.tell(f"{len(self.calm.outcomes)} calls in one process: {base.words}")
        if base.same:
            return None, base
        self.session.progress.began(base, self.traces)
        seen = self.facts | {Fact.NOISE}
        candidates = [one for one in self._candidates(seen) if one.how != "hold"]
        return self._search(candidates, base), base

    def _search(self, candidates: list[Intervention], base: Gap) -> Search:
        self.session.progress.suspects = tuple(candidates)
        return search(self.measure, candidates, base, self.session.report)

    def traces(self) -> tuple[Trace | None, Trace | None]:
        """Two calls that differ: in one process, or else in two under other conditions."""
        calm = traced(self.session, self._plan(ALL, frozenset()))
        if calm is not None:
            last = len(calm.outcomes) - 1
            if calm.code(0) != calm.code(last):
                return calm.trace(0), calm.trace(last)
        storm = traced(self.session, self._plan(ALL - self.dims, frozenset()))
        return (calm.trace(0) if calm else None), (storm.trace(0) if storm else None)

    def _matters(self, one: Intervention) -> bool:
        if not one.applies(Axis.AGAIN, self.facts):
            self.session.tell(f"{one.words}: not tried, the program uses nothing of the kind")
            return False
        alone = self.session.run(self._plan(ALL - {one.name}, frozenset()))
        moved = any(alone.code(i) != self.calm.code(i) for i in range(len(self.calm.outcomes)))
        self.session.tell(
            f"only {one.condition}: {'another result' if moved else 'the same result'}"
        )
        return moved

    def _tell(self, base: Gap) -> None:
        same = all(
            self.calm.code(0) == self.calm.code(i) for i in range(1, len(self.calm.outcomes))
        )
        count = len(self.calm.outcomes)
        self.session.tell(
            f"{count} calls in one process: {'equal in every bit' if same else 'different'}"
        )
        words = ", ".join(one.condition for one in HOLDS)
        self.session.tell(f"a fresh process with {words}: {base.words}")


def training(facts: dict[str, Any]) -> tuple[int, int]:
    """How many dropout and norm calls had been made when backward was last called."""
    counts = facts["counts"]
    return counts.get("trained dropout", 0), counts.get("trained norm", 0)


def _check(result: Run, session: Session) -> None:
    first = result.outcomes[0] if result.outcomes else {"raised": "nothing came back"}
    if "raised" in first:
        raise Unusable(f"the function raises {first['raised']}", tuple(first.get("traceback", ())))
    for number, outcome in enumerate(result.outcomes[1:], start=2):
        if "raised" in outcome:
            session.note(f"Call {number} in the same process raises {outcome['raised']}.")
