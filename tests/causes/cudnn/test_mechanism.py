"""Trees, arrivals and divisions: the order of additions on a CPU."""

import itertools
import math
import operator

import numpy as np
import pytest
import torch

from workbook.causes.cudnn import arrival
from workbook.causes.cudnn.arrival import ARRIVAL, RACE
from workbook.causes.cudnn.division import DIVISION, WAYS
from workbook.causes.cudnn.tree import TREE, Tree
from workbook.experiment import run
from workbook.simulated.reduction import ORDERS

LETTERS = "abcdefghijklm"


@pytest.mark.parametrize(
    ("order", "lanes", "block", "added"),
    [
        ("sequential", 1, 1, "abcdefgh"),
        ("reverse", 1, 1, "hgfedcba"),
        ("reverse", 1, 2, "ghefcdab"),
        ("pairwise", 2, 1, "acegbdfh"),
        ("sequential", 16, 1, "abcdefgh"),
    ],
)
def test_a_tree_adds_in_its_order(order: str, lanes: int, block: int, added: str) -> None:
    """Letters, which add up to a word, show the order."""
    assert Tree(order, lanes, block).total("abcdefgh", operator.add) == added


@pytest.mark.parametrize("order", ORDERS)
def test_every_number_is_added_once(order: str) -> None:
    """Whatever the tree, each letter is in the word once."""
    for lanes, block, count in itertools.product((1, 2, 4), (1, 3), range(1, len(LETTERS))):
        word = Tree(order, lanes, block).total(LETTERS[:count], operator.add)
        assert sorted(word) == list(LETTERS[:count])


def test_one_after_another_is_a_running_sum() -> None:
    """The sequential tree gives the bits of NumPy's running sum."""
    numbers = torch.rand(300)
    total = Tree("sequential", 1, 1).total(numbers.unbind(), torch.add)
    assert float(total) == np.add.accumulate(numbers.numpy())[-1]


def test_pairs_are_shallow() -> None:
    """In pairs 16 numbers take part in 4 additions each, one after another in up to 15."""
    assert run(TREE, order="pairwise").finding.values["deepest"] == math.log2(16)
    assert run(TREE).finding.values["deepest"] == 15


def test_a_wide_accumulator_makes_the_tree_irrelevant() -> None:
    """In float64, float32 numbers of one size add up exactly along every tree."""
    result = run(TREE, accumulator="float64")
    assert result.finding.values["errors"]["reverse"] == 0
    assert result.verdict == "Here all four trees give one sum."


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


@pytest.mark.parametrize("by", WAYS)
def test_a_division_compares_the_same_numbers(by: str) -> None:
    """All ways lie within the bound of the float64 truth that both approximate."""
    result = run(DIVISION, by=by)
    assert all(one.verdict != "wrong" for one in result.finding.comparisons)
    assert result.finding.comparisons[0].identical
