"""The differences of one search, judged: each is computed again in float64.

Owns the runs that a judgment needs; the rule itself is in `rounding`.
"""

from __future__ import annotations

from workbook.diagnosis.interventions.operations import DOUBLE
from workbook.diagnosis.rounding import is_rounding
from workbook.diagnosis.search import Measure, Search


class Judge:
    """Judges the gaps of one search."""

    def __init__(self, measure: Measure, found: Search) -> None:
        self.measure = measure
        self.found = found

    def is_rounding(self, one: object) -> bool:
        """Whether the gap that comes back without this intervention is rounding."""
        others = frozenset(self.found.needed) - {one}
        gap = next(g for key, g in self.found.without.items() if key is one)
        return is_rounding(gap, self.measure(others | {DOUBLE}))

    def rest_is_rounding(self) -> bool:
        """Whether the gap that nothing removed is rounding."""
        return is_rounding(self.found.rest, self.measure(frozenset(self.found.needed) | {DOUBLE}))
