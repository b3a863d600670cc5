"""One function: why does calling it again give something else?

Owns the runs that are compared: three calls in one process under calm conditions, and two in
another under other ones. Knows nothing of how an answer is worded.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from workbook.diagnosis import chance
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.put_back import FORK
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.plan import ALL, CALLS, LONG, Plan, calls, likely, more_calls, plan, worth
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.search import Active, Search, names, search
from workbook.diagnosis.session import Session, Unusable, difference, traced
from workbook.trace import Trace

# What may give something else each time, although every condition is held.
CHANCY = {Fact.ACCELERATOR, Fact.THREADS, Fact.PROCESSES, Fact.TASKS}


class Function:
    """The runs of one function (or of a module called again), measured against one another."""

    def __init__(self, session: Session, index: int = 0, **fixed: Any) -> None:
        self.session = session
        self.index = index
        self.fixed = fixed
        self.steps = (index,) * calls(session.call.kind)
        self.trained: tuple[tuple[int, int], ...] = ()
        self.stop = 0  # the step to which short runs go
        self.parts: tuple[str, ...] = ()  # of that step, the first that differ
        self.apart = False  # whether the first calls of two processes part there
        self.repeats = 1  # of each run of a measure, so many that they do not agree by chance
        self.sample = 0, 0  # of how many runs with everything held how many agreed, and of how many
        self.whole = self  # the runs in which what was found must be seen again
        self.calm = session.first(self.plan())
        _check(self.calm, session)
        self.facts = self._facts()
        self.steps = self.steps[: self.count] if self.count > 1 else self.steps
        if more := self._more_calls():
            self.steps = (index,) * more
            self.calm = session.run(self.plan())
        trained = tuple(training(self.calm.facts(i)) for i in range(self.count))
        self.trained = trained if any(map(any, trained)) else ()
        session.known[self.plan()] = self.calm  # what was counted changes nothing by itself

    def _more_calls(self) -> int:
        """How many calls see what a device does now and then; 0 where there are enough."""
        if Fact.ACCELERATOR not in self.facts or len(self.steps) < CALLS:
            return 0
        return more_calls(self.calm.outcomes[-1].get("seconds", math.inf))

    def shown(self) -> Plan:
        """Name the calls to trace: of a long training no more than the steps until they part."""
        return self.plan().short(self.stop, 1 if self.apart else 2) if self.stop else self.plan()

    @property
    def count(self) -> int:
        """How many calls were made."""
        return len(self.calm.outcomes)

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

    def _facts(self) -> set[Fact]:
        facts = self.calm.used()
        for number in range(self.count):
            facts |= self.calm.used(number) | self.calm.changes(number)
        if Fact.ACCELERATOR not in facts:
            self.session.tell("switches of a device: not tried, the program uses the CPU alone")
        return facts

    def _plans(self, active: Active) -> list[Plan]:
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
        plans = self._plans(active)
        first = self.session.both(*plans)
        worst = _largest(first[0], first)
        at_once = max(1, 2 // len(plans))  # few: what is left of the repeats may not be needed
        for start in range(1, self.repeats, at_once):
            if not worst.same:
                break
            numbers = range(start, min(start + at_once, self.repeats))
            again = [replace(one, repeat=number) for number in numbers for one in plans]
            worst = _largest(first[0], self.session.both(*again))
        return worst

    def _agrees(self, active: Active, number: int) -> bool:
        """Whether one more run of each kind that is measured comes to what the first came to."""
        plans = self._plans(active)
        first, *again = self.session.both(plans[0], *(replace(one, repeat=number) for one in plans))
        return _largest(first, again).same

    def holds(self, found: Search) -> bool:
        """Whether what was found takes the difference away in whole runs, not by chance."""
        needed, whole = frozenset(found.needed), self.whole
        whole.dims = self.dims
        words = " and ".join(one.words for one in found.needed)

        def with_them(number: int) -> bool:
            plans = (*whole._plans(needed), *whole._plans(frozenset()))
            self.session.ahead(*(replace(one, repeat=number) for one in plans))
            return whole._agrees(needed, number)

        def without(number: int) -> bool:
            return whole._agrees(frozenset(), number)

        known = self.sample if whole is self else (0, 0)
        try:
            held = found.rest.same and chance.believed(without, with_them, *known)
        except OutOfTime:
            self.session.note(f"When {words}, the runs agreed; the time did not suffice to see "
                              "whether by chance.")  # fmt: skip
            raise
        finally:
            self.session.ahead()
        said = "agree again and again" if held else "do not always agree, so that was chance"
        self.session.tell(f"when {words}: whole runs {said}")
        return held

    dims: frozenset[str] = ALL

    def _short(self, active: Active) -> list[Plan]:
        """Give the runs of a measure, each to the step where it parts only.

        Where two processes part there, the first call of each tells it. Else the second call of one
        does, which begins where the first has ended.
        """
        plans = self._plans(active)
        if not self.stop:
            return plans[:1]
        enough = 1 if self.apart and len(plans) > 1 else 2
        return [self._to_step(one, enough) for one in plans]

    def _to_step(self, whole: Plan, calls: int) -> Plan:
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
        self.session.ahead(*(one for active in trials for one in self._short(active)))

    def find(self) -> tuple[Search | None, Gap]:
        """Give the needed interventions, or None where nothing changes the result."""
        if self.session.longest > LONG:  # what is asked next runs beside it
            self.session.ahead(self.once(held=frozenset()), self.once(held={HOLDS[-1].name}))
        base = self.measure(frozenset())
        if base.same and self.chancy:  # it may be by chance
            self.repeats = chance.KNOWN
            base = self.measure(frozenset())
            self.repeats = 1
        self._tell(base)
        if base.same:
            return None, base
        self.session.progress.began(base, self.traces)
        self._parted()
        self.dims = self._moving()
        facts = self.facts | ({Fact.THREADS_MATTER} if "threads" in self.dims else set())
        repeated = any(self.calm.code(0) != self.calm.code(i) for i in range(1, self.count))
        candidates = [one for one in self._candidates(facts) if self._can_matter(one, repeated)]
        if not self.dims:  # else what else varied changes nothing
            moved = self.measure(frozenset())
            base = base if moved.same else moved
        found = self._search(candidates, base)
        if not found.rest.same and repeated:
            found = self._search([*candidates, FORK], base)
        return (self._believed(found, candidates, base) if self.chancy else found), base

    @property
    def chancy(self) -> bool:
        """Whether a run made again may give something else, although every condition is held."""
        return bool(self.facts & CHANCY)

    def _believed(self, found: Search, candidates: list[Intervention], base: Gap) -> Search:
        """Give the first of what is found that is not so by chance; no needed rows if none is."""
        while found.needed and not self.holds(found):
            if self.dims and self._varies():  # then what is held cannot matter
                self.dims = frozenset()
                base = self.measure(frozenset())
            others = {*found.needed, *(HOLDS if not self.dims else ())}
            candidates = [one for one in candidates if one not in others]
            found = self._search(candidates, base)
        return found

    def _parted(self) -> None:
        """Find the step of a training at which a call parts from the first one, if it does."""
        ours, longest = self.calm.steps(0), self.session.longest
        storm = self.session.run(self.once(held=ALL - self.dims))
        others = [self.calm.steps(self.count - 1), storm.steps(0)]
        found = steps.parted(ours, others[0]), _computed(ours, others[1])
        step, self.parts = min((one for one in found if one is not None), default=(0, ()))
        if step and not self.fixed.get("stop"):  # else it was said of the program as typed
            self.session.note(steps.sentence(step, self.parts))
        self.stop = worth(ours, others, longest)
        self.apart = bool(self.stop) and worth(ours, others[1:], longest) == self.stop

    def _candidates(self, facts: set[Fact]) -> list[Intervention]:
        return [one for one in ROWS if one.applies(Axis.AGAIN, facts)]

    def _can_matter(self, one: Intervention, again: bool) -> bool:
        if one.how == "hold":
            return one.name in self.dims
        return one.how == "on" or again or Fact.THREADS in self.facts

    def find_again(self) -> tuple[Search | None, Gap]:
        """Search what makes repeated calls in one process differ."""
        base = self.measure(frozenset())
        runs = f"{self.count} calls in one process" if self.count > 1 else "two runs"
        self.session.tell(f"{runs}: {base.words}")
        if base.same:
            return None, base
        self.session.progress.began(base, self.traces)
        seen = self.facts | {Fact.NOISE}
        candidates = [one for one in self._candidates(seen) if one.how != "hold"]
        return self._search(candidates, base), base

    def _search(self, candidates: list[Intervention], base: Gap) -> Search:
        self.session.progress.suspects = tuple(candidates)
        return search(
            self.measure,
            candidates,
            base,
            self.session.report,
            likely(candidates, self.parts).__contains__,
            early=self.early,
            ahead=self.ahead,
        )

    def traces(self) -> tuple[Trace | None, Trace | None]:
        """Two calls that differ: in one process, or else in two under other conditions."""
        (calm,) = traced(self.session, self.shown())
        if calm is not None:
            last = len(calm.outcomes) - 1
            if calm.code(0) != calm.code(last):
                return calm.trace(0), calm.trace(last)
        other = self.once(held=ALL - self.dims).short(self.stop)
        (storm,) = traced(self.session, other)
        return (calm.trace(0) if calm else None), (storm.trace(0) if storm else None)

    def _moving(self) -> frozenset[str]:
        """Give the conditions that change the result when they are not held.

        Numbers drawn without a seed are the commonest: where everything but the generators may
        differ and the result stays, nothing but the generators is asked for.
        """
        rows = []
        for one in HOLDS:
            if one.applies(Axis.AGAIN, self.facts):
                rows.append(one)
            else:
                self.session.tell(f"{one.words}: not tried, the program uses nothing of the kind")
        if self.chancy and self._varies():
            self.session.tell("the same run again: another result, so what is held cannot matter")
            return frozenset()
        if not any(self._moved(ALL)):
            return frozenset()
        *others, last = rows
        if not any(self._moved(ALL - {last.name})):
            words = ", ".join(one.condition for one in others)
            self.session.tell(f"{last.words}, but {words}: the same result")
            return frozenset({last.name})
        moved = self._moved(*(frozenset({one.name}) for one in rows))
        for one, other in zip(rows, moved, strict=True):
            said = "another result" if other else "the same result"
            self.session.tell(f"only {one.condition}: {said}")
        moving = (one.name for one, other in zip(rows, moved, strict=True) if other)
        return frozenset(moving) or ALL  # or only several of them together

    def _varies(self) -> bool:
        """Whether the calls give something else under the very same conditions.

        If so, each measure takes as many runs as do not agree by chance, at the rate seen here.
        """
        ours = _codes(self.calm)
        plans = [replace(self.once(), repeat=number) for number in range(1, chance.KNOWN + 1)]
        same: list[bool] = []
        for some in (plans[:2], plans[2:]):  # where two agree, the search goes on, and is checked
            runs = self.session.both(*some)
            same += [_codes(one) == ours[: len(one.outcomes)] for one in runs]
            if all(same):
                return False
        self.sample = sum(same), len(same)
        self.repeats = 1 + chance.enough(*self.sample)
        return True

    def _moved(self, *varied: frozenset[str]) -> list[bool]:
        """Whether a call gives something else where these conditions are not held, for each set."""
        plans = [self.once(held=ALL - some) for some in varied]
        moved = [False] * len(plans)
        if self.apart:  # what moves the result later only is seen by a whole run
            runs = self.session.both(*(self._to_step(one, 1) for one in plans))
            ours = self.calm.steps(0)
            moved = [not steps.same_weights(ours, run.steps(0)) for run in runs]
        whole = [one for one, other in zip(plans, moved, strict=True) if not other]
        code = self.calm.code(0)
        for one, run in zip(whole, self.session.both(*whole), strict=True):
            moved[plans.index(one)] = any(run.code(i) != code for i in range(len(run.outcomes)))
        return moved

    def _tell(self, base: Gap) -> None:
        if self.count > 1:
            same = all(self.calm.code(0) == self.calm.code(i) for i in range(1, self.count))
            said = "equal in every bit" if same else "different"
            self.session.tell(f"{self.count} calls in one process: {said}")
        held = (one for one in HOLDS if one.applies(Axis.AGAIN, self.facts))
        words = ", ".join(one.condition for one in held)
        self.session.tell(f"a fresh process with {words}: {base.words}")


def _codes(run: Run) -> list[tuple[str, ...]]:
    return [run.code(number) for number in range(len(run.outcomes))]


def _largest(first: Run, others: Sequence[Run]) -> Gap:
    """Give the largest gap between the first outcome of a run and any outcome of others."""
    worst = Gap(True)
    for result in others:
        for number in range(len(result.outcomes)):
            one = difference(first, 0, result, number)
            if not one.same and (worst.same or not one.comparable or one.relative > worst.relative):
                worst = one
    return worst


def _computed(ours: list[list[int]], theirs: list[list[int]]) -> tuple[int, tuple[str, ...]] | None:
    """Find the first step after which something computed differs, and all that differs there.

    Generators that nobody seeds differ from the start, used or not: they alone are no difference.
    """
    part = steps.parted(ours, theirs, steps.COMPUTED)
    at = next((number for number, row in enumerate(ours) if part and row[0] == part[0]), 0)
    return part and steps.parted(ours[at:], theirs[at:])


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
