"""Counts and what they prove: the limit of a rate, the coin, and the words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.causes.cudnn import coin
from workbook.causes.cudnn.coin import COIN
from workbook.causes.cudnn.count import Count, still_possible
from workbook.experiment import run


@given(st.integers(1, 100_000))
def test_at_the_limit_equal_runs_are_one_in_twenty(repeats: int) -> None:
    """At the rate that is still possible, n equal runs have the chance 0.05."""
    assert math.isclose((1 - still_possible(repeats)) ** repeats, 0.05, rel_tol=1e-6)


@pytest.mark.parametrize(("repeats", "percent"), [(5, 45), (20, 14), (59, 5), (299, 1)])
def test_published_limits(repeats: int, percent: int) -> None:
    """The limits that are usually tabulated, to a percent."""
    assert round(still_possible(repeats) * 100) == percent


def test_the_rule_of_three_is_on_the_safe_side() -> None:
    """3/n is above the limit, and within a tenth of it from 15 repeats on."""
    assert all(0 < 3 / n - still_possible(n) < 0.1 * 3 / n for n in range(15, 400))


def test_no_repeat_proves_nothing() -> None:
    """Without a repeat there is no limit, and a sentence says so."""
    with pytest.raises(ValueError, match="must be at least 1 to limit a rate, got 0"):
        still_possible(0)


def test_a_difference_is_seen_or_not_seen() -> None:
    """A count says how many differed, or in how many none did; it never says never."""
    assert (str(Count(2, 64)), Count(2, 64).varies) == ("2 of 64", True)
    assert (str(Count(0, 59)), Count(0, 59).varies) == ("not in 59", False)


def test_the_limit_is_rounded_up() -> None:
    """299 repeats leave a little less than 1 % possible: the words do not claim less."""
    assert Count(0, 299).proof == "< 1.0%"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("repeats", [5, 20, 59, 299])
def test_the_coin_agrees_with_its_rate(repeats: int, seed: int) -> None:
    """At the limit about one person in twenty sees nothing, as the binomial law has it."""
    values = run(COIN, repeats=repeats, seed=seed).finding.values
    assert abs(values["at_limit"] - 0.05) < 0.025
    assert values["missed"][-1] <= values["limit"] * 1.5


def test_the_coin_is_simulated() -> None:
    """The rate is known because the coin is ours, and the line below the figure says so."""
    assert run(COIN).source == "SIMULATED"


def test_a_coin_with_another_rate_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the share of quiet series another, the verdict would say it."""
    monkeypatch.setattr(coin, "_quiet", lambda rate, repeats: 0.5)
    assert run(COIN).verdict == "Shares are not where the rate of the coin puts them."
