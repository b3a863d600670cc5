"""Arrivals: the order of additions on a CPU."""

import numpy as np
import pytest
import torch

from workbook.causes.cudnn import arrival
from workbook.causes.cudnn.arrival import ARRIVAL, RACE
from workbook.experiment import run


def test_totals_by_arrival_are_those_of_float32_sums() -> None:
    """A total is NumPy's running sum of the numbers in that order."""
    numbers = torch.rand(50)
    assert float(arrival._added(numbers)) == np.add.accumulate(numbers.numpy())[-1]


@pytest.mark.parametrize("blocks", [2, 3, 64])
def test_every_block_arrives_once(blocks: int) -> None:
    """Threads that race bring each block exactly once."""
    assert arrival._race(blocks).sort().values.tolist() == list(range(blocks))


def test_two_numbers_commute() -> None:
    """Two numbers have one total in either order: addition is commutative."""
    assert run(ARRIVAL, blocks=2).verdict == "Every order of arrival gives one total."


def test_a_race_is_judged_by_the_bound_alone() -> None:
    """The verdict of a race claims no count."""
    assert run(ARRIVAL, schedule=RACE).verdict.startswith("Whoever arrives first")


@pytest.mark.parametrize(
    ("count", "word", "said"),
    [((2, 1), "wrong", "more than"), ((2, 2), "rounding", "Even in the order")],
)
def test_surprises_would_be_said(count: tuple[int, int], word: str, said: str) -> None:
    """What should not happen has a sentence of its own."""
    assert said in arrival._verdict("by script", *count, word)
