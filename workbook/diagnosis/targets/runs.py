"""The runs of one function: its calls in one process, and the same under other conditions.

Owns what is run and measured, how far, and what was seen in it. Draws no conclusion.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from workbook.diagnosis.plan import ALL, Plan, calls, plan
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.search import Active, names
from workbook.diagnosis.session import Session, Unusable, difference, traced
from workbook.trace import Trace

# What may give something else each time, although every condition is held.
CHANCY = {Fact.ACCELERATOR, Fact.THREADS, Fact.PROCESSES, Fact.TASKS}


class Runs:
    """The runs of one function (or of a module called again), measured against one another."""

    dims: frozenset[str] = ALL  # the conditions that are not held unless a measure holds them

    def __init__(self, session: Session, index: int = 0, **fixed: Any) -> None:
        self.session = session
        self.index = index
        self.fixed = fixed
        self.steps = (index,) * calls(session.subject.kind)
        self.trained: tuple[tuple[int, int], ...] = ()
        self.stop = 0  # the step to which short runs go
        self.apart = False  # whether the first calls of two processes part there
        self.repeats = 1  # of each run of a measure, so many that they do not agree by chance
        self.facts: set[Fact] = set()
        self.calm = session.first(self.plan(looks=True), self.beside())
        _check(self.calm, session)
        self.facts = self._facts()
        self.steps = self.steps[: self.count] if self.count > 1 else self.steps
        trained = tuple(training(self.calm.facts(i)) for i in range(self.count))
        self.trained = trained if any(map(any, trained)) else ()
        session.known[self.plan()] = self.calm  # what was counted changes nothing by itself

    def shown(self) -> Plan:
        """Name the calls to trace: of a long training no more than the steps until they part."""
        return self.plan().short(self.stop, 1 if self.apart else 2) if self.stop else self.plan()

    @property
    def count(self) -> int:
        """How many calls were made."""
        return len(self.calm.outcomes)

    @property
    def chancy(self) -> bool:
        """Whether a run made again may give something else, although every condition is held."""
        return bool(self.facts & CHANCY)

    def plan(
        self,
        active: Active = frozenset(),
        *,
        held: frozenset[str] = ALL,
        on: frozenset[str] = frozenset(),
        **more: Any,
    ) -> Plan:
        """Give the calls in one process, with these interventions and what is always on."""
        given: dict[str, Any] = {"trained": self.trained, **self.fixed, **more}
        given["on"] = names(active, "on") | on | self.fixed.get("on", frozenset())
        return plan(*self.steps, held=held, between=names(active, "between"), **given)

    def once(self, active: Active = frozenset(), **more: Any) -> Plan:
        """Give the first call alone, unless threads of its own make each call another."""
        made = self.plan(active, **more)
        if Fact.THREADS in self.facts:
            return made
        return replace(made, steps=made.steps[:1], trained=made.trained[:1], between=frozenset())

    def beside(self) -> list[Plan]:
        """Name runs that are needed whatever the first one shows."""
        return []

    def _facts(self) -> set[Fact]:
        facts = _seen(self.calm)
        if Fact.ACCELERATOR not in facts:
            self.session.tell("switches of a device: not tried, the program uses the CPU alone")
        return facts

    def plans(self, active: Active) -> list[Plan]:
        """Give the calls in one process, and one under whatever is not held."""
        held = names(active, "hold")
        calm = self.plan(active)
        if self.dims <= held:
            return [calm]
        return [calm, self.once(active, held=(ALL - self.dims) | held)]

    def measure(self, active: Active) -> Gap:
        """Give the largest gap between any of the calls, with these interventions.

        Where runs are repeated, those up to the first that differs.
        """
        plans = self.plans(active)
        first, *more = self.session.both(*plans)
        worst = _largest(first, [first, *more])
        if worst.same and self.repeats > 1:
            for run in self.session.each(repeated(plans, range(1, self.repeats))):
                worst = _largest(first, [run])
                if not worst.same:
                    break
        return worst

    def agrees(self, active: Active, numbers: range) -> Iterator[bool]:
        """Whether more runs of each kind that is measured come to what the first came to."""
        plans = self.plans(active)
        runs = self.session.each([plans[0], *repeated(plans, numbers)])
        first = next(runs)
        for _ in numbers:
            yield _largest(first, list(itertools.islice(runs, len(plans)))).same

    def _short(self, active: Active) -> list[Plan]:
        """Give the runs of a measure, each to the step where it parts only.

        Where two processes part there, the first call of each tells it. Else the second call of one
        does, which begins where the first has ended.
        """
        plans = self.plans(active)
        if not self.stop:
            return plans[:1]
        enough = 1 if self.apart and len(plans) > 1 else 2
        return [self.to_step(each, enough) for each in plans]

    def to_step(self, whole: Plan, calls: int) -> Plan:
        """Give a run of so many calls, to the step where they part; all of it where it was made."""
        return whole if whole in self.session.known else whole.short(self.stop, calls)

    def early(self, active: Active) -> bool:
        """Whether a part of what is measured shows that the calls still differ."""
        runs = self.session.both(*self._short(active))
        if not self.stop:
            return any(runs[0].code(0) != runs[0].code(i) for i in range(1, self.count))
        first = runs[0].steps(0)
        last = [result.steps(len(result.outcomes) - 1) for result in runs]
        return not all(steps.same_weights(first, other) for other in last)

    def ahead(self, trials: Iterable[Active]) -> None:
        """Begin what is measured next, while there is room."""
        self.session.ahead(*(each for active in trials for each in self._short(active)))

    def moved(self, *varied: frozenset[str]) -> list[bool]:
        """Whether a call gives something else where these conditions are not held, for each set."""
        plans = [self.once(held=ALL - some) for some in varied]
        found = [False] * len(plans)
        if self.apart:  # what moves the result later only is seen by a whole run
            runs = self.session.both(*(self.to_step(each, 1) for each in plans))
            ours = self.calm.steps(0)
            found = [not steps.same_weights(ours, run.steps(0)) for run in runs]
        whole = [each for each, parts in zip(plans, found, strict=True) if not parts]
        code = self.calm.code(0)
        for each, run in zip(whole, self.session.both(*whole), strict=True):
            found[plans.index(each)] = any(run.code(i) != code for i in range(len(run.outcomes)))
        return found

    def _other(self) -> Plan:
        """Name the call of another process to trace."""
        return self.once(held=ALL - self.dims).short(self.stop)

    def told_apart(self) -> list[Plan]:
        """Name the runs in whose traces two calls differ."""
        agree = self.calm.code(0) == self.calm.code(self.count - 1)
        return [self.shown(), *([self._other()] if agree else [])]

    def traces(self) -> tuple[Trace | None, Trace | None]:
        """Two calls that differ: in one process, or else in two under other conditions."""
        calm, *others = traced(self.session, *self.told_apart())
        if calm is not None:
            last = len(calm.outcomes) - 1
            if calm.code(0) != calm.code(last):
                return calm.trace(0), calm.trace(last)
        storm = others[0] if others else traced(self.session, self._other())[0]
        return (calm.trace(0) if calm else None), (storm.trace(0) if storm else None)


def _largest(first: Run, others: Sequence[Run]) -> Gap:
    """Give the largest gap between the first outcome of a run and any outcome of others."""
    worst = Gap(True)
    for result in others:
        for number in range(len(result.outcomes)):
            apart = difference(first, 0, result, number)
            if not apart.same and (
                worst.same or not apart.comparable or apart.relative > worst.relative
            ):
                worst = apart
    return worst


def repeated(plans: Sequence[Plan], numbers: range) -> list[Plan]:
    """Give each of some runs once more for each of these numbers."""
    return [replace(each, repeat=number) for number in numbers for each in plans]


def _seen(run: Run) -> set[Fact]:
    """Give the facts of all calls, and of loading the program."""
    facts = run.used()
    for number in range(len(run.outcomes)):
        facts |= run.used(number) | run.changes(number)
    return facts


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
