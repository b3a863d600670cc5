"""When runs that agree are believed: an exact test, and what it lets through."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest

from workbook.diagnosis.chance import KNOWN, MOST, believed, by_chance, enough


def test_it_is_the_test_of_the_lady_tasting_tea() -> None:
    """Fisher (The Design of Experiments, 1935): 4 of 4 cups told from 4 others, 1 chance in 70."""
    assert by_chance(0, 4, 4) == 1 / 70


def test_it_counts_the_ways_in_which_runs_can_agree() -> None:
    """Of all ways to place 5 agreeing runs among 7, one share leaves the last 3 with the row."""
    ways = list(itertools.combinations(range(7), 5))
    share = Fraction(sum({4, 5, 6} <= set(way) for way in ways), len(ways))
    assert by_chance(2, 4, 3) == pytest.approx(float(share))


def test_what_agrees_half_of_the_time_takes_more_runs() -> None:
    """The more runs agree without the row, the more must with it, up to a limit."""
    needed = [enough(agreed, 8) for agreed in range(9)]
    assert needed == sorted(needed) and needed[0] < needed[4] and needed[8] == MOST


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8, 0.95])
def test_a_row_that_does_nothing_is_hardly_ever_believed(rate: float) -> None:
    """Coins in place of runs: at most 1 of 100 is believed; 2,000 trials allow 35 (3 sigma)."""
    coin = random.Random(int(100 * rate))

    def agrees(number: int) -> bool:
        return coin.random() < rate

    assert sum(believed(agrees, agrees) for _ in range(2000)) <= 35


def test_a_row_that_removes_a_difference_is_believed_after_few_runs() -> None:
    """All runs differ without it, none with it."""
    made: list[int] = []
    assert believed(lambda number: False, lambda number: not made.append(number))
    assert made == list(range(1, KNOWN + 1))


def test_one_run_that_differs_refutes_a_row() -> None:
    """However many have agreed before it."""
    assert not believed(lambda number: False, lambda number: number != 3)


def test_a_difference_that_does_not_come_back_proves_nothing() -> None:
    """Where runs without the row agree as well, no row is believed."""
    assert not believed(lambda number: True, lambda number: True)
