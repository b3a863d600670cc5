"""The two sides of a comparison: how far they are apart, under what, and with a fault planted.

Owns their runs. Judges nothing.
"""

from dataclasses import replace

from workbook.diagnosis.forks import Forks
from workbook.diagnosis.plan import Plan, doubled, plan
from workbook.diagnosis.probes.values import Gap, gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import equal_but_for_rounding
from workbook.diagnosis.search import Active, names
from workbook.diagnosis.targets.tests import tolerance


def failing(run: Run) -> list[int]:
    """Give the numbers of the comparisons that went beyond their tolerance."""
    rows = run.data.get("compared", ())
    return [number for number, row in enumerate(rows) if row["share"] > 1]


def _key(number: int, side: str) -> str:
    """Give the place of a side among the values of a run."""
    return repr([f"{number} {side}"])


class Sides:
    """The two sides of the comparison that fails, measured against each other."""

    def __init__(self, forks: Forks) -> None:
        self.forks = forks
        self.calm = forks.run(self.plan(frozenset()))
        beyond = failing(self.calm)
        self.number = beyond[-1] if beyond else -1
        self.row = self.calm.data["compared"][self.number] if beyond else {}

    def plan(self, active: Active) -> Plan:
        return plan(0, on=names(active, "on"))

    def measure(self, active: Active) -> Gap:
        """How far the two sides are apart with these interventions."""
        return self._gap(self.forks.run(self.plan(active)))

    def _gap(self, run: Run) -> Gap:
        if not run.outcomes or "raised" in run.outcomes[0]:
            return Gap(False, comparable=False)
        sides = run.tensors(0)
        pair = [sides.get(_key(self.number, side)) for side in ("actual", "expected")]
        if pair[0] is None or pair[1] is None:
            return Gap(False, comparable=False)
        made = gap({"": pair[0]}, {"": pair[1]}, False, True)
        return Gap(True) if made.absolute == 0 else made

    def tried(self, trial: tolerance.Trial) -> Run:
        """Run the test with another tolerance for the comparison."""
        return self.forks.run(replace(self.plan(frozenset()), trial=trial))

    def planted(self, atol: float, plain: Run) -> Run | None:
        """Run the test with a term left out of the last sum that moves one side from the other.

        `plain` is the test with this tolerance and no fault. A sum that feeds both sides would hide
        the fault: it moves them by rounding at most. None where no sum reaches one side alone.
        """
        before = self._gap(plain)
        for at in reversed(range(plain.data["tried"]["sums"])):
            run = self.tried(tolerance.Trial(self.number, atol, at))
            after = self._gap(run)
            moved = replace(after, same=False, relative=abs(after.relative - before.relative))
            if run.data.get("outcome") == "failed" or not equal_but_for_rounding(moved):
                return run
        return None

    def wide(self) -> Gap:
        """Measure the two sides again with everything computed in float64."""
        return self._gap(self.forks.run(doubled(self.plan(frozenset()))))

    def stored(self) -> bool:
        """Whether the expected side is the same numbers in float64: written down, not computed."""
        key = _key(self.number, "expected")
        sides = [r.tensors(0).get(key) for r in
                 (self.calm, self.forks.run(doubled(self.plan(frozenset()))))]  # fmt: skip
        return (
            sides[0] is not None
            and sides[1] is not None
            and bool((sides[0].double() == sides[1].double()).all())
        )
