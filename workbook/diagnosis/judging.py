"""Whether a difference is rounding: it is where it goes in float64, in proportion to the format.

Owns that one rule. float64's unit roundoff is 2**-29 of float32's; a difference that comes from
rounding shrinks with it, one that does not stays. A factor of 2**14 is left for growth.
"""

from __future__ import annotations

from workbook.diagnosis.interventions import ON
from workbook.diagnosis.search import Measure, Search
from workbook.diagnosis.values import Gap

DOUBLE = next(one for one in ON if one.name == "double")
_SHRINKS = 2.0**-15
_FLOOR = 1e-12  # a relative gap that float64 itself rounds to
_PLAIN = 2.0**-14  # the rule where a program cannot be run in float64: float32, grown 1024-fold


def few(names: list[str]) -> str:
    """At most three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


class Judge:
    """Judges the gaps of one search."""

    def __init__(self, measure: Measure, found: Search) -> None:
        self.measure = measure
        self.found = found

    def is_rounding(self, one: object) -> bool:
        """Whether the gap that comes back without this intervention is rounding."""
        others = frozenset(self.found.needed) - {one}
        gap = next(g for key, g in self.found.without.items() if key is one)
        return _goes(gap, self.measure(others | {DOUBLE}))

    def rest_is_rounding(self) -> bool:
        """Whether the gap that nothing removed is rounding."""
        return _goes(self.found.rest, self.measure(frozenset(self.found.needed) | {DOUBLE}))


def _goes(gap: Gap, doubled: Gap) -> bool:
    if not gap.comparable:
        return False
    if doubled.same:
        return True
    unmoved = doubled.narrow and doubled.relative == gap.relative  # NumPy's arrays are not reached
    if not doubled.comparable or unmoved:
        return gap.relative <= _PLAIN
    return doubled.relative <= max(gap.relative * _SHRINKS, _FLOOR)
