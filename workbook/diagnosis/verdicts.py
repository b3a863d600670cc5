"""The differences of one search, judged: each is computed again in float64.

Owns the runs that a judgment needs; the rule itself is in `rounding`.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.operations import DOUBLE
from workbook.diagnosis.rounding import Word, judged
from workbook.diagnosis.search import Measure, Search


class Judge:
    """Judges the gaps of one search."""

    def __init__(self, measure: Measure, found: Search) -> None:
        self.measure = measure
        self.found = found

    def word(self, one: Intervention) -> Word:
        """Say what the gap is that comes back without this intervention.

        Where the intervention itself put a wider format in place of a shorter one, it is that trial
        which removed the gap, and the shorter format bounds it.
        """
        gap = self.found.without[one]
        if one.format is not None:
            roundoff = torch.finfo(one.format).eps / 2
            return judged(replace(gap, roundoff=roundoff), None)
        others = frozenset(self.found.needed) - {one}
        return judged(gap, self.measure(others | {DOUBLE}))

    def rest(self) -> Word:
        """Say what the gap is that nothing removed."""
        return judged(self.found.rest, self.measure(frozenset(self.found.needed) | {DOUBLE}))
