"""Which backward passes are parts of one batch, and how each part would count."""

from __future__ import annotations

from typing import Any

import pytest

from workbook.diagnosis.interventions.streams import FIRST_SEED
from workbook.diagnosis.interventions.training import WEIGH
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.search import Active
from workbook.diagnosis.targets.pair import Pair, hypotheses

WHOLE = {"lists": {"backward": [[1, 0, 0, 7]]}}


def test_uneven_parts_may_count_by_their_rows() -> None:
    """Parts of 6 rows and 1 count 12/7 and 2/7 in place of 1, so that each row counts once."""
    parts = {"lists": {"backward": [[1, 0, 0, 6], [2, 0, 0, 1]]}}
    assert any(one == pytest.approx((12 / 7, 2 / 7)) for one in hypotheses(parts, WHOLE))


def test_passes_of_other_weights_are_no_parts() -> None:
    """One training before, of other weights and without a step, keeps its own weight of 1."""
    both = {"lists": {"backward": [[1, 0, 0, 7], [2, 0, 1, 6], [3, 0, 1, 1]]}}
    other = {"lists": {"backward": [[1, 0, 0, 7], [2, 0, 1, 7]]}}
    assert any(one == pytest.approx((1, 12 / 7, 2 / 7)) for one in hypotheses(both, other))


def test_rows_are_told_in_two_ways() -> None:
    """What modules computed before counts no part of a loss; the means in it do."""
    parts = {"lists": {"backward": [[1, 0, 0, 16, 3], [2, 0, 0, 0, 1]]}}
    assert any(one == pytest.approx((6 / 4, 2 / 4)) for one in hypotheses(parts, WHOLE))


class Halves(Pair):
    """A batch of 6 rows and 1 in parts, whose fit a second difference hides: by chance 1/2 fits."""

    def __init__(self) -> None:
        self.factors, self.weighed, self.known = ((), ()), Gap(False, relative=1e9), set()

    def facts(self, index: int) -> dict[str, Any]:
        return WHOLE if index else {"lists": {"backward": [[1, 0, 0, 6], [2, 0, 0, 1]]}}

    def measure(self, active: Active) -> Gap:
        right = self.factors[0] == pytest.approx((6 / 7, 1 / 7)) and WEIGH in active
        halves = self.factors[0] == (0.5, 0.5) and WEIGH in active
        sizes = (1e-7, 0.2) if FIRST_SEED in active else (0.5, 0.5)
        size = 0.01 if halves and FIRST_SEED not in active else sizes[0 if right else 1]
        return Gap(False, relative=size, roundoff=2.0**-24)


def test_weights_that_fit_by_chance_give_way_to_those_that_fit() -> None:
    """Where another difference is left, what brings two closest says little."""
    pair = Halves()
    assert pair.choose_weights(frozenset()) == [WEIGH] and pair.factors[0] == (0.5, 0.5)
    assert pair.choose_weights(frozenset({WEIGH, FIRST_SEED})) == []
    assert pair.factors[0] == pytest.approx((6 / 7, 1 / 7))
    assert pair.choose_weights(frozenset()) == [] and pair.weighed.relative == 1e-7
