"""When runs that agree are believed: an exact test, and what it lets through."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest

from workbook.diagnosis.chance import KNOWN, LEVEL, MOST, believed, by_chance, enough, sampled


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


def _believed_by_chance(rate: float) -> float:
    """Sum over all that can be seen: how probable it is, and all runs with the row agree."""
    error, going = 0.0, {(0, 0): 1.0}
    while going:
        seen: dict[tuple[int, int], float] = {}
        for (agreed, without), share in going.items():
            for more in range(KNOWN + 1):
                ways = math.comb(KNOWN, more) * rate**more * (1 - rate) ** (KNOWN - more)
                state = agreed + more, without + KNOWN
                seen[state] = seen.get(state, 0.0) + share * ways
        ended = {state for state in seen if sampled(lambda _: [False], *state) == state}
        for agreed, without in ended:
            needed = enough(agreed, without)
            if by_chance(agreed, without, needed) <= LEVEL:
                error += seen[agreed, without] * rate**needed
        going = {state: share for state, share in seen.items() if state not in ended}
    return error


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8, 0.83, 0.95])
def test_a_row_that_does_nothing_is_hardly_ever_believed(rate: float) -> None:
    """At most 1 of 100, exactly, at every rate at which runs agree by chance."""
    assert _believed_by_chance(rate) <= LEVEL


def test_the_rule_is_the_one_that_the_sum_is_of() -> None:
    """Coins in place of runs: 4,000 trials come within three sigma of it."""
    coin, rate = random.Random(8), 0.8

    def agree(numbers: range) -> list[bool]:
        return [coin.random() < rate for _ in numbers]

    share, trials = _believed_by_chance(rate), 4000
    off = sum(believed(agree, agree) for _ in range(trials)) / trials - share
    assert abs(off) <= 3 * math.sqrt(share / trials)


def test_a_row_that_removes_a_difference_is_believed_after_few_runs() -> None:
    """All runs differ without it, none with it: nine in all, and none twice."""
    made: dict[str, list[int]] = {"with": [], "without": []}

    def differ(numbers: range) -> list[bool]:
        made["without"] += numbers
        return [False] * len(numbers)

    def agree(numbers: range) -> list[bool]:
        made["with"] += numbers
        return [True] * len(numbers)

    assert believed(differ, agree)
    assert made == {"with": [1, 2, 3, 4], "without": [1, 2, 3, 4, 5]}


def test_what_was_seen_counts() -> None:
    """Where five runs without a row are known to differ, no more are made."""
    assert believed(lambda numbers: pytest.fail("made again"), lambda numbers: [True], 0, KNOWN)


def test_one_run_that_differs_refutes_a_row() -> None:
    """Then no run without it is made."""
    assert not believed(lambda numbers: pytest.fail("needless"), lambda numbers: [True, False])


def test_a_difference_that_does_not_come_back_proves_nothing() -> None:
    """Where runs without the row agree as well, no row is believed."""
    assert not believed(lambda numbers: [True] * len(numbers), lambda numbers: [True])
