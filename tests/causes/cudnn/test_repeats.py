"""Repeat and compare: what is counted, how far apart it is, and that the device is left alone."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.repeats import distances, fingerprint, fingerprints, repeat, seconds

VALUES = (0.0, -0.0, 1.0, math.nan, math.inf, 1e-45)


def in_turn(*results: torch.Tensor) -> Any:
    """A call that gives these results one after another, again and again."""
    turns = itertools.cycle(results)
    return lambda: next(turns).clone()


def test_one_result_is_one() -> None:
    """A call that always gives the same bits has one result, at no distance."""
    found = repeat(in_turn(torch.rand(100)), 10)
    assert (found.distinct, found.changed, found.apart, found.ulps) == (1, 0.0, 0.0, 0)


def test_distinct_results_are_counted_once_each() -> None:
    """Three results in turn are three, however often they come."""
    assert repeat(in_turn(torch.zeros(5), torch.ones(5), torch.full((5,), 2.0)), 30).distinct == 3


def test_repeats_are_counted_after_the_first() -> None:
    """Of ten runs nine are repeats, and those with other bits than the first are counted."""
    found = repeat(in_turn(torch.zeros(5), torch.zeros(5), torch.ones(5)), 10)
    assert found.count == Count(3, 9)


def test_later_runs_join_the_first() -> None:
    """The first result stays the one that all others are held against."""
    zeros, ones = torch.zeros(3), torch.ones(3)
    joined = repeat(in_turn(zeros), 4).joined(repeat(in_turn(ones, zeros), 4))
    assert joined.count == Count(2, 7)
    assert (joined.distinct, joined.changed) == (2, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "distinct"), [(0.0, -0.0, 2), (math.nan, math.nan, 1), (1.0, 1.0 + 2**-23, 2)]
)
def test_bits_count(a: float, b: float, distinct: int) -> None:
    """Zeros of either sign differ, NaN equals itself, one ULP is a difference."""
    assert repeat(in_turn(torch.tensor([a]), torch.tensor([b])), 4).distinct == distinct


def test_whole_numbers_and_half_precision_are_compared() -> None:
    """Any dtype with bits can be repeated."""
    for dtype in (torch.int64, torch.int32, torch.float16, torch.bfloat16, torch.float64):
        first, second = torch.arange(9).to(dtype), torch.arange(9).flip(0).to(dtype)
        assert repeat(in_turn(first, second), 6).distinct == 2


def test_the_farthest_result_is_measured() -> None:
    """The distance is that of the result with the most differing elements."""
    first, near, far = torch.ones(8), torch.ones(8), torch.full((8,), 1.5)
    near[0] = 2
    found = repeat(in_turn(first, near, far), 6)
    assert (found.changed, found.apart, found.ulps) == (1.0, 0.5, 2**22)


@given(st.lists(st.sampled_from(VALUES), min_size=1), st.lists(st.sampled_from(VALUES), min_size=1))
def test_distances_are_what_numpy_computes(a: list[float], b: list[float]) -> None:
    """V_c is the share of unequal bit patterns, as NumPy counts them."""
    size = min(len(a), len(b))
    first, second = np.array(a[:size], np.float32), np.array(b[:size], np.float32)
    unequal = (first.view(np.int32) != second.view(np.int32)).mean()
    assert distances(torch.from_numpy(first), torch.from_numpy(second))[0] == unequal


def test_the_mean_relative_distance_leaves_zeros_out() -> None:
    """V_ermv is the mean of |A - B| / |A| where A is not 0."""
    a, b = torch.tensor([0.0, 1.0, -4.0]), torch.tensor([1.0, 1.5, -4.0])
    assert distances(a, b)[1] == 0.25


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=9), st.integers(0, 8))
def test_a_fingerprint_is_the_bits(values: list[float], place: int) -> None:
    """Equal bits have one fingerprint, and a changed element has another."""
    first = torch.tensor(values)
    other = first.clone()
    other[place % len(values)] = 3.0
    assert fingerprint(first) == fingerprint(first.clone())
    assert fingerprint(first) != fingerprint(other)


def test_places_matter() -> None:
    """The same numbers in any other order have another fingerprint."""
    orders = [torch.tensor(order) for order in itertools.permutations((1.0, 2.0, 3.0, 4.0))]
    assert len(set(fingerprints(orders))) == math.factorial(4)


class Waits(TorchDispatchMode):
    """Counts what makes the host wait for a device: a value that is read."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Hand every operator on."""
        self.count += func._opname in ("_local_scalar_dense", "equal", "_to_copy")
        return func(*args, **(kwargs or {}))


def test_the_device_is_not_asked_at_each_repeat() -> None:
    """A hundred repeats read as few values from the device as two do."""
    counts = []
    for repeats in (2, 100):
        with Waits() as waits:
            repeat(lambda: torch.ones(3) + 1, repeats)
        counts.append(waits.count)
    assert counts[0] == counts[1]


def test_time_is_counted_for_one_call() -> None:
    """The time of a call is positive and calls are made as often as asked for, and once before."""
    calls = []
    assert seconds(lambda: calls.append(1) or torch.zeros(1), 5) > 0  # type: ignore[func-returns-value]
    assert len(calls) == 6
