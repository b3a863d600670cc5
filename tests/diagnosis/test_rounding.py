"""The one rule for programs: a difference is rounding where it shrinks with the unit roundoff."""

from __future__ import annotations

import pytest
import torch

from workbook.diagnosis.probes.values import Gap, gap
from workbook.diagnosis.rounding import alike, judged, much_smaller


def apart(relative: float, *, narrow: bool = True) -> Gap:
    """A difference of this share of the largest value, in float32 or in float64."""
    return Gap(False, True, relative, relative, None, "x", narrow, 2.0**-24 if narrow else 2.0**-53)


def measured(dtype: torch.dtype) -> Gap:
    """How far two orders of the same sum are apart in a format."""
    terms = torch.arange(1, 4001, dtype=torch.float64).reciprocal().reshape(500, 8).to(dtype)
    totals = [torch.zeros(8, dtype=dtype), torch.zeros(8, dtype=dtype)]
    for row, other in zip(terms, terms.flip(0), strict=True):
        totals = [totals[0] + row, totals[1] + other]
    return gap({"x": totals[0]}, {"x": totals[1]}, torch.equal(*totals), True)


def test_two_orders_of_a_sum_are_rounding() -> None:
    """Totals that run from both ends differ in float32, and 2**20 times less in float64."""
    single, double = measured(torch.float32), measured(torch.float64)
    assert not single.same and judged(single, double) == "rounding"


@pytest.mark.parametrize(
    ("narrow", "wide", "word"),
    [
        (apart(1e-6), apart(1e-6 / 2**29, narrow=False), "rounding"),
        (apart(1e-6), apart(1e-6 / 2**15, narrow=False), "doubtful"),
        (apart(1e-6), apart(1e-6 / 2**9, narrow=False), "other"),
        (apart(1e-2), Gap(True), "rounding"),
        (apart(0.75), Gap(True), "cannot tell"),  # as large as the values themselves
        (apart(0.5), apart(0.5, narrow=False), "cannot tell"),
        (apart(1e-6), apart(1e-6), "rounding"),  # part of it still ran in float32
        (apart(1e-3), apart(1e-3), "cannot tell"),
        (apart(1e-6), None, "rounding"),  # within what float32 may grow to
        (apart(1e-3), None, "cannot tell"),
        (Gap(False, comparable=False), Gap(True), "cannot tell"),
        (Gap(True), None, "identical"),
    ],
)
def test_the_word_follows_the_quotient(narrow: Gap, wide: Gap | None, word: str) -> None:
    """2**20 and 2**10 separate the words; what guards the rule comes first."""
    assert judged(narrow, wide) == word


@pytest.mark.parametrize(
    ("rest", "word"),
    [(apart(1e-6), "other"), (Gap(True), "cannot tell"), (apart(0.01), "cannot tell")],
)
def test_rounding_that_is_left_shows_how_far_rounding_grows(rest: Gap, word: str) -> None:
    """Half of the values is no rounding in a program whose other roundings stayed small."""
    assert judged(apart(0.5), apart(0.5, narrow=False), rest) == word


def test_whole_numbers_do_not_round() -> None:
    """A difference of integers is never within a format's growth."""
    ours, theirs = torch.tensor([100_000]), torch.tensor([100_001])
    assert judged(gap({"x": ours}, {"x": theirs}, False, True), None) == "cannot tell"


def test_much_smaller_and_alike_leave_room_between() -> None:
    """Within a factor of 4 two errors are alike, beyond 32 one is much smaller."""
    one = apart(1e-3)
    assert alike(apart(3.9e-3), one) and not alike(apart(4.1e-3), one)
    assert much_smaller(apart(1e-3 / 33), one) and not much_smaller(apart(1e-3 / 31), one)
    assert much_smaller(Gap(True), one) and not much_smaller(Gap(False, comparable=False), one)
