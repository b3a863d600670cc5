"""Which backward passes are parts of one batch, and how each part would count."""

from __future__ import annotations

import pytest

from workbook.diagnosis.targets.pair import hypotheses

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
