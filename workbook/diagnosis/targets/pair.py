"""The runs of two functions that should agree, measured against each other.

Owns what is asked of each: the first under calm conditions, the second under other ones, each in a
process of its own; and the second after the first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from workbook.diagnosis import chance
from workbook.diagnosis.interventions.batches import EVERY, OUTERMOST, SPLIT, SPLIT_OUTERMOST
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.put_back import CLOCK, GENERATORS, KEPT
from workbook.diagnosis.interventions.rows import HOLDS
from workbook.diagnosis.interventions.training import WEIGH
from workbook.diagnosis.plan import ALL, Plan, plan, worth
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import equal_but_for_rounding, much_smaller
from workbook.diagnosis.search import Active, names
from workbook.diagnosis.session import Session, Unusable, difference, traced
from workbook.diagnosis.targets.contrasts import unequal_batches
from workbook.diagnosis.targets.runs import CHANCY, repeated, training


class Pair:
    """The runs of two functions, measured against each other."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.together = False
        self.trained: list[tuple[int, int]] = [(0, 0), (0, 0)]
        self.split: frozenset[str] = frozenset()
        self.helpers: dict[Intervention, frozenset[str]] = {}  # on which rows act
        self.factors: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
        self.weighed = Gap(False, relative=math.inf)  # what the weights left of the difference
        first, one_queue = self._alone(0), session.one_queue
        self.calm = [first, self._alone(1)]
        if one_queue is not session.one_queue:  # what the second needs, both get
            self.calm[0] = session.run(plan(0))
        series = self.calm[0].steps(0), self.calm[1].steps(0)
        self.stop = 0 if self.together else worth(series[0], [series[1]], session.longest)
        self.trained = [training(self.facts(i)) for i in (0, 1)]
        self.known = self._facts()
        if not self.together:  # what was counted changes nothing by itself
            for calm, held in zip(self.calm, self.plans(frozenset(HOLDS)), strict=True):
                session.known[held] = calm

    def _alone(self, index: int) -> Run:
        result = self.session.first(plan(index), () if index else (plan(1),))
        if index and result.outcomes and "raised" in result.outcomes[0]:
            after = self.session.run(plan(0, 1, between=KEPT | GENERATORS))
            if len(after.outcomes) == 2 and "raised" not in after.outcomes[1]:
                self.together = True  # the second needs something that the first leaves (a file)
                return after
        outcome = result.outcomes[0] if result.outcomes else {"raised": "nothing"}
        if "raised" in outcome:
            name = self.session.subject.targets[index].words
            raise Unusable(
                f"{name} raises {outcome['raised']}", tuple(outcome.get("traceback", ()))
            )
        return result

    def _number(self, index: int) -> int:
        return 1 if index and self.together else 0

    def facts(self, index: int) -> dict[str, Any]:
        return self.calm[index].facts(self._number(index))

    def places(self, index: int, cause: str) -> list[str]:
        """Where a function was seen to do what a cause is about."""
        return self.calm[index].places(self._number(index), cause)

    def seen(self, cause: str, question: str) -> list[str]:
        """Say where a row saw a cause at work that looks for it, all else being held."""
        plans = [replace(plan, on=plan.on | {question}) for plan in self.plans(frozenset(HOLDS))]
        return [place for run in self.session.both(*plans) for place in run.places(0, cause)]

    def used(self, index: int) -> set[Fact]:
        """Give the facts of a function's call and of loading its program."""
        return self.calm[index].used(self._number(index)) | self.calm[index].used()

    def _facts(self) -> set[Fact]:
        ours, theirs = (self.facts(i)["lists"].get("batches", ()) for i in (0, 1))
        facts = {Fact.TWO_RUNS} | self.used(0) | self.used(1)
        if Fact.ACCELERATOR not in facts:
            self.session.tell("switches of a device: not tried, the program uses the CPU alone")
        if (Fact.ACCELERATOR in self.used(0)) != (Fact.ACCELERATOR in self.used(1)):
            facts.add(Fact.OTHER_DEVICES)
        # parts of one row would have other means, and another training
        others = {Fact.OPTIMIZER, Fact.BACKWARD, Fact.MEANS_OF_PARTS}
        if Fact.LOOPS in facts and not facts & others:
            facts.add(Fact.LOOPS_OVER_BATCHES)
        counts = [self.facts(i)["counts"] for i in (0, 1)]
        times = [sum(n for k, n in row.items() if k.startswith("seed ")) for row in counts]
        facts |= {Fact.SEEDS_UNLIKE} if times[0] != times[1] and min(times) > 0 else set()
        self.split = unequal_batches(ours, theirs)
        if self.split:
            facts.add(Fact.OTHER_BATCHES)
            outer = {name for name, rows, _ in ours if rows > 1} - self.split - {EVERY}
            facts |= {Fact.OTHER_BATCHES_INSIDE} if outer else set()
        return facts

    def plans(self, active: Active) -> tuple[Plan, Plan]:
        """Say what is asked of the first and of the second function."""
        on = names(active, "on")
        held = names(active, "hold")
        split = self.split if SPLIT in active else frozenset()
        split |= {OUTERMOST} if SPLIT_OUTERMOST in active else frozenset()
        split = split.union(*(self.helpers.get(row, ()) for row in active))
        rows = []
        for index, keep in ((0, ALL), (1, held | (ALL - self.dims))):
            factors = self.factors[index] if WEIGH in active else ()
            more = {"on": on, "split": split, "factors": factors}
            rows.append(plan(index, held=keep, trained=(self.trained[index],), **more))
        return rows[0], rows[1]

    dims = frozenset(row.name for row in HOLDS if Axis.PAIR in row.axes)

    def measure(self, active: Active) -> Gap:
        """How far the two functions are apart with these interventions."""
        first, second = self.plans(active)
        if self.together:
            held = names(active, "hold")
            between = KEPT | (GENERATORS | CLOCK if held >= GENERATORS else frozenset())
            both = replace(first, steps=(0, 1), between=between, trained=tuple(self.trained))
            result = self.session.run(both)
            return difference(result, 0, result, 1)
        ours, theirs = self.session.both(first, second)
        return difference(ours, 0, theirs, 0)

    def spares(self, active: Active, some: Active) -> bool:
        """Whether interventions leave one of the two results, in every bit, as it was."""
        if self.together:
            return True
        runs = zip(self.plans(active), self.plans(active | some), strict=True)
        return any(self._same(*two) for two in runs)

    def _same(self, *two: Plan) -> bool:
        ours, theirs = self.session.both(*two)
        return difference(ours, 0, theirs, 0).same

    def choose_weights(self, active: Active) -> list[Intervention]:
        """Take the weights of micro-batches that bring the two closest; the row that gives them.

        Nothing where none bring them closer. A difference that is left may hide which weights fit:
        those of an earlier choice give way to some that leave much less with what is active here.
        """
        tried = [
            (factors, ()) if index == 0 else ((), factors)
            for index in (0, 1)
            for factors in hypotheses(self.facts(index), self.facts(1 - index))
        ]
        if not tried or equal_but_for_rounding(self.weighed):
            return []
        chosen, before = self.factors, bool(any(self.factors))
        best = min(self.measure(active - {WEIGH}), self.weighed, key=lambda gap: gap.relative)
        for self.factors in tried:
            gap = self.measure(active | {WEIGH})
            if much_smaller(gap, best):
                best, chosen, self.weighed = gap, self.factors, gap
        self.factors = chosen
        self.known |= {Fact.SUMS_GRADIENTS} if any(chosen) else set()
        return [WEIGH] if any(chosen) and not before else []

    @property
    def chancy(self) -> bool:
        """Whether a run made again may give something else, although every condition is held."""
        return bool(self.known & CHANCY) and not self.together

    def holds(self, needed: Active, beside: Sequence[Plan] = ()) -> bool:
        """Whether these interventions take the difference away again and again, not by chance.

        The runs `beside` are begun last: what is asked next if it does.
        A function whose result they leave as it was is not run again without them: that its runs
        agree with one another is seen with them, and the other function's are tested.
        """
        with_them = self.plans(needed)
        pairs = zip(with_them, self.plans(frozenset()), strict=True)
        without = [new if self._same(new, old) else old for new, old in pairs]

        def agrees(plans: Sequence[Plan], numbers: range) -> Iterator[bool]:
            runs = self.session.each(repeated(plans, numbers))
            for ours, theirs in zip(runs, runs, strict=True):
                yield difference(ours, 0, theirs, 0).same

        fewest = range(1, chance.FEWEST + 1), range(1, chance.KNOWN + 1)
        again = *repeated(with_them, fewest[0]), *repeated(without, fewest[1])
        self.session.ahead(*again, *beside)
        return chance.believed(
            lambda numbers: agrees(without, numbers), lambda numbers: agrees(with_them, numbers)
        )

    def watch(self) -> None:
        """Find the step of the training at which the two part, if they train."""
        if self.together:
            return
        series = self.calm[0].steps(0), self.calm[1].steps(0)
        found = steps.parted(*series)
        if found is not None:
            self.session.note(steps.sentence(*found))

    def early(self, active: Active) -> bool:
        """Whether the two still part by the step at which they part with everything held."""
        if not self.stop:
            return False
        ours, theirs = self.session.both(*self._short(active))
        return not steps.same_weights(ours.steps(0), theirs.steps(0))

    def _short(self, active: Active) -> list[Plan]:
        return [replace(plan, stop=self.stop) for plan in self.plans(active)]

    def ahead(self, trials: Iterable[Active]) -> None:
        """Begin what is measured next, while there is room."""
        if not self.together:
            self.session.ahead(*(plan for active in trials for plan in self._short(active)))

    def ahead_of_all(self) -> None:
        """Begin what shows whether the two part, and where."""
        if not self.together:
            shown = (replace(plan, trace=True) for plan in self._short(frozenset(HOLDS)))
            self.session.ahead(*self.plans(frozenset()), *shown)

    def after(self, active: Active) -> Gap:
        """How far the second function by itself is from the second after the first."""
        first, second = self.plans(active | set(HOLDS))
        between = names(active, "between")
        both = replace(first, steps=(0, 1), between=between, trained=tuple(self.trained))
        separate, joined = self.session.both(second, both)
        return difference(separate, 0, joined, 1)

    def traces(self, active: Active) -> tuple[Run | None, Run | None]:
        """Trace the two runs, as far as the step where they part."""
        ours, theirs = traced(self.session, *self._short(active))
        return ours, theirs


def hypotheses(facts: dict[str, Any], other: dict[str, Any]) -> list[tuple[float, ...]]:
    """Weights for each backward pass of a run, where it makes more of them than the other run.

    Which rows a pass is of can be told in several ways; each gives weights of its own.
    """
    passes = facts["lists"].get("backward", [])
    if len(passes) <= len(other["lists"].get("backward", [])) or len(passes) < 2:
        return []
    groups = [(step, weights) for _, step, weights, *_ in passes]
    found = [tuple(1.0 / groups.count(group) for group in groups)]
    for rows in zip(*(counts for _, _, _, *counts in passes), strict=True):
        total = Counter[tuple[int, int]]()
        for group, count in zip(groups, rows, strict=True):
            total[group] += count
        if all(total.values()):
            shares = [n / total[group] for group, n in zip(groups, rows, strict=True)]
            parts = map(groups.count, groups)
            found.append(tuple(n * share for n, share in zip(parts, shares, strict=True)))
            found.append(tuple(shares))
    unique = dict.fromkeys(found)
    return [weights for weights in unique if any(abs(factor - 1.0) > 1e-9 for factor in weights)]
