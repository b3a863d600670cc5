"""One function: why does calling it again give something else?

Owns the order of the questions: does anything change its result, which conditions do, which rows
take that away, and is that so by chance? Knows nothing of how an answer is worded.
"""

from collections.abc import Callable
from typing import Any

from workbook.diagnosis import chance
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.put_back import FORK
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.interventions.surroundings import RNG, THREADS
from workbook.diagnosis.plan import ALL, Plan, likely, worth
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.search import Search, search
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets.runs import Runs, repeated

_TWICE = 2  # times that a run is made again, to see whether it varies


class Function(Runs):
    """What changes the result of one function, or of a command line."""

    def __init__(self, session: Session, index: int = 0, **fixed: Any) -> None:
        super().__init__(session, index, **fixed)
        self.parts: tuple[str, ...] = ()  # of the step where runs part, the first that differ
        self.sample = 0, 0  # of how many runs with everything held how many agreed, and of how many
        self.whole = self  # the runs in which what was found must be seen again
        self.judging: Callable[[Search], list[Plan]] = lambda found: []  # what an answer is told by

    def beside(self) -> list[Plan]:
        """Name the calls of one function of which everything is varied, and all but generators."""
        return self._varied() if self.session.subject.kind == "function" else []

    def _varied(self) -> list[Plan]:
        return [self.once(held=held) for held in (frozenset[str](), frozenset({RNG.name}))]

    def find(self) -> tuple[Search | None, Gap]:
        """Give the needed interventions, or None where nothing changes the result."""
        differ = any(self.calm.code(0) != self.calm.code(i) for i in range(1, self.count))
        more = chance.KNOWN if differ else _TWICE  # what varies within a process is sampled
        again = repeated([self.plan()], range(1, 1 + more)) if self.chancy else ()
        everything, all_else = self._varied()
        self.session.ahead(everything, *again, all_else)  # what is asked next runs beside it
        base = self.measure(frozenset())
        if base.same and self.chancy:  # it may be by chance
            self.repeats = chance.KNOWN
            base = self.measure(frozenset())
            self.repeats = 1
        self._tell(base)
        if base.same:
            return None, base
        self.session.progress.began(base, self.traces)
        storm = self._parted()
        self.dims = self._moving()
        facts = self.facts | ({Fact.THREADS_MATTER} if THREADS.name in self.dims else set())
        candidates = [row for row in self._candidates(facts) if self._can_matter(row, differ)]
        self._say_where(storm)
        if set(self.plans(frozenset())) <= set(self.session.known):  # what else varied is no matter
            moved = self.measure(frozenset())
            base = base if moved.same else moved
        found = self._search(candidates, base)
        if not found.rest.same and differ:
            found = self._search([*candidates, FORK], base)
        return (self._believed(found, candidates, base) if self.chancy else found), base

    def find_again(self) -> tuple[Search | None, Gap]:
        """Search what makes repeated calls in one process differ."""
        base = self.measure(frozenset())
        runs = f"{self.count} calls in one process" if self.count > 1 else "two runs"
        self.session.tell(f"{runs}: {base.words}")
        if base.same:
            return None, base
        self.session.progress.began(base, self.traces)
        seen = self.facts | {Fact.NOISE}
        candidates = [row for row in self._candidates(seen) if row.how != "hold"]
        return self._search(candidates, base), base

    def _search(self, candidates: list[Intervention], base: Gap) -> Search:
        self.session.progress.suspects = tuple(candidates)
        first, report = likely(candidates, self.parts).__contains__, self.session.report
        return search(self.measure, candidates, base, report, first, self.early, self.ahead)

    def _believed(self, found: Search, candidates: list[Intervention], base: Gap) -> Search:
        """Give the first of what is found that is not so by chance; no needed rows if none is."""
        while found.needed and not self.holds(found):
            if self.dims and self._varies():
                base = self.measure(frozenset())
            others = {*found.needed, *(HOLDS if not self.dims else ())}
            candidates = [row for row in candidates if row not in others]
            found = self._search(candidates, base)
        return found

    def holds(self, found: Search) -> bool:
        """Whether what was found takes the difference away in whole runs, not by chance."""
        needed, whole = frozenset(found.needed), self.whole
        whole.dims = self.dims
        words = " and ".join(row.words for row in found.needed)

        known = self.sample if whole is self else (0, 0)
        more = () if known[1] else repeated(whole.plans(frozenset()), range(1, chance.KNOWN + 1))
        try:
            again = repeated(whole.plans(needed), range(1, chance.FEWEST + 1))
            self.session.ahead(*again, *more, *self.judging(found))
            held = found.rest.same and chance.believed(
                lambda numbers: whole.agrees(frozenset(), numbers),
                lambda numbers: whole.agrees(needed, numbers),
                *known,
            )
        except OutOfTime:
            self.session.note(f"When {words}, the runs agreed; the time did not suffice to see "
                              "whether by chance.")  # fmt: skip
            raise
        if not held:
            self.session.ahead()
        said = "agree again and again" if held else "do not always agree, so that was chance"
        self.session.tell(f"when {words}: whole runs {said}")
        return held

    def _parted(self) -> Run:
        """Find the step of a training at which a call parts from the first one, if it does.

        Gives the run in which everything was varied.
        """
        ours, longest = self.calm.steps(0), self.session.longest
        storm = self.session.run(self.once(held=ALL - self.dims))
        others = [self.calm.steps(self.count - 1), storm.steps(0)]
        found = steps.parted(ours, others[0]), _computed(ours, others[1])
        _, self.parts = min((part for part in found if part is not None), default=(0, ()))
        self.stop = worth(ours, others, longest)
        self.apart = bool(self.stop) and worth(ours, others[1:], longest) == self.stop
        return storm

    def _say_where(self, storm: Run) -> None:
        """Note the first step at which calls part, or the first call and one where others vary.

        Only what moves the result varies there, if such a run was made, and else all that does in
        `storm`. Generators that were started otherwise are no evidence of what the program does.
        """
        if self.fixed.get("stop"):  # it was said of the program as typed
            return
        moving = self.to_step(self.once(held=ALL - self.dims), 1)
        varied = self.session.known.get(moving, storm)
        alike = varied is not storm and RNG.name not in self.dims
        ours, among = self.calm.steps(0), steps.PARTS if alike else steps.COMPUTED
        other = _computed(ours, varied.steps(0), among)
        found = (steps.parted(ours, self.calm.steps(self.count - 1)), True), (other, alike)
        parted = [(part, told) for part, told in found if part is not None]
        if parted:
            part, told = min(parted)
            self.session.note(steps.sentence(*part, told))

    def _moving(self) -> frozenset[str]:
        """Give the conditions that change the result when they are not held.

        Numbers drawn without a seed are the commonest: where everything but the generators may
        differ and the result stays, nothing but the generators is asked for.
        """
        rows = []
        for row in HOLDS:
            if row.applies(Axis.AGAIN, self.facts):
                rows.append(row)
            else:
                self.session.tell(f"{row.words}: not tried, the program uses nothing of the kind")
        if self.chancy and self._varies():
            self.session.tell("the same run again: another result, so what is held cannot matter")
            return frozenset()
        if not any(self.moved(ALL)):
            return frozenset()
        *others, last = rows
        if not any(self.moved(ALL - {last.name})):
            words = ", ".join(row.condition for row in others)
            self.session.tell(f"{last.words}, but {words}: the same result")
            return frozenset({last.name})
        moved = self.moved(*(frozenset({row.name}) for row in rows))
        for row, moves in zip(rows, moved, strict=True):
            said = "another result" if moves else "the same result"
            self.session.tell(f"only {row.condition}: {said}")
        moving = (row.name for row, moves in zip(rows, moved, strict=True) if moves)
        return frozenset(moving) or ALL  # or only several of them together

    def _varies(self) -> bool:
        """Whether the calls give something else under the very same conditions.

        If so, what is held cannot matter, and each measure takes as many runs as do not agree by
        chance, at the rate seen here.
        """
        ours = _codes(self.calm)
        twice = self.session.both(*repeated([self.plan()], range(1, 1 + _TWICE)))
        if all(_codes(run) == ours[: len(run.outcomes)] for run in twice):
            return False  # the search goes on, and is checked
        self.dims = frozenset()
        self.sample = chance.sampled(lambda numbers: self.agrees(frozenset(), numbers))
        self.repeats = 1 + chance.enough(*self.sample)
        return True

    def _candidates(self, facts: set[Fact]) -> list[Intervention]:
        return [row for row in ROWS if row.applies(Axis.AGAIN, facts)]

    def _can_matter(self, row: Intervention, again: bool) -> bool:
        if row.how == "hold":
            return row.name in self.dims
        return row.how == "on" or again or Fact.THREADS in self.facts

    def _tell(self, base: Gap) -> None:
        if self.count > 1:
            same = all(self.calm.code(0) == self.calm.code(i) for i in range(1, self.count))
            said = "equal in every bit" if same else "different"
            self.session.tell(f"{self.count} calls in one process: {said}")
        held = (row for row in HOLDS if row.applies(Axis.AGAIN, self.facts))
        words = ", ".join(row.condition for row in held)
        self.session.tell(f"a fresh process with {words}: {base.words}")


def _codes(run: Run) -> list[tuple[str, ...]]:
    return [run.code(number) for number in range(len(run.outcomes))]


def _computed(
    ours: list[list[int]], theirs: list[list[int]], among: tuple[str, ...] = steps.PARTS
) -> tuple[int, tuple[str, ...]] | None:
    """Find the first step after which something computed differs, and what of `among` does there.

    Generators that nobody seeds differ from the start, used or not: they alone are no difference.
    """
    part = steps.parted(ours, theirs, steps.COMPUTED)
    at = next((number for number, row in enumerate(ours) if part and row[0] == part[0]), 0)
    return part and steps.parted(ours[at:], theirs[at:], among)
