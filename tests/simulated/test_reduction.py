"""Sums over lanes in four orders, against loops over NumPy's float32 scalars."""

from functools import reduce
from operator import add

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.simulated import ORDERS, Reduction
from workbook.simulated.reduction import arrange, combine, pairwise, total

SMALL = st.floats(-1e6, 1e6, width=32)


def bits(tensor):
    """The float32 patterns as whole numbers."""
    return tensor.view(torch.int32).tolist()


def tree(parts):
    """Add neighbors in pairs, the odd last one left as it is: written down for lists."""
    while len(parts) > 1:
        parts = [reduce(add, parts[i : i + 2]) for i in range(0, len(parts), 2)]
    return parts[0]


def looped(parts, order):
    """Add a list of float32 scalars in an order, one at a time."""
    if order == "pairwise":
        return tree(parts)
    if order == "reverse":
        return reduce(add, parts[::-1])
    places = range(len(parts))
    if order == "permuted":
        places = arrange(torch.arange(len(parts)), order).tolist()
    return reduce(add, [parts[place] for place in places])


@pytest.mark.parametrize("order", ORDERS)
@given(values=st.lists(SMALL, min_size=1, max_size=40), lanes=st.integers(1, 9))
def test_a_sum_is_that_of_the_loop(order, values, lanes):
    """Each lane adds its own elements in the order, then the lanes are added pairwise."""
    numbers = [np.float32(value) for value in values]
    lanes = min(lanes, len(numbers))
    rows = -(-len(numbers) // lanes)
    numbers += [np.float32(-0.0)] * (rows * lanes - len(numbers))
    expected = tree([looped(numbers[lane::lanes], order) for lane in range(lanes)])
    summed = total(torch.tensor(values), Reduction(order=order, lanes=lanes))
    assert bits(summed) == int(expected.view(np.int32))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("width", [3, 300])
def test_narrow_and_wide_rows_are_added_alike(order, width):
    """Each column of a wide or narrow table gets the bits that it gets alone."""
    values = torch.rand(37, width, generator=torch.Generator().manual_seed(0)) * 1e3
    how = Reduction(order=order, lanes=4)
    columns = [total(values[:, column], how) for column in range(0, width, 7)]
    assert bits(total(values, how)[::7]) == bits(torch.stack(columns))


@pytest.mark.parametrize("order", ORDERS)
@given(count=st.integers(1, 70), power=st.integers(0, 5))
def test_chunks_change_nothing(order, count, power):
    """Parts that come in chunks of a power of two add up to the same bits as in one piece."""
    values = torch.rand(count, 2, generator=torch.Generator().manual_seed(count)) - 0.5
    chunks = list(values.clone().split(2**power))
    assert bits(combine(chunks, order)) == bits(combine([values], order))


@given(values=st.lists(SMALL, min_size=1, max_size=40))
def test_the_pairwise_tree_is_that_of_the_loop(values):
    """Neighbors are added in pairs, and the odd last part moves up unchanged."""
    expected = tree([np.float32(value) for value in values])
    assert bits(pairwise(torch.tensor(values))) == int(expected.view(np.int32))


@given(count=st.integers(1, 2000))
def test_the_permutation_visits_every_place_once(count):
    """The permuted order is a permutation, for any number of parts."""
    assert sorted(arrange(torch.arange(count), "permuted").tolist()) == list(range(count))


def test_the_permutation_is_fixed():
    """Eight parts are added in the same order everywhere: every fifth place, around and around."""
    assert arrange(torch.arange(8), "permuted").tolist() == [0, 5, 2, 7, 4, 1, 6, 3]


def test_no_parts_have_no_sum_in_chunks():
    """To combine nothing is refused."""
    with pytest.raises(ValueError, match="at least one part, got none"):
        combine([], "sequential")


@pytest.mark.parametrize("name", ["tile", "lanes"])
@pytest.mark.parametrize("value", [0, -1, 65537, 1.5, True, "16"])
def test_a_length_that_is_none_is_refused(name, value):
    """Tile and lanes are whole numbers in a range; the message gives it, and what came."""
    with pytest.raises(ValueError, match=f"{name} must be a whole number from 1 to 65536, got"):
        Reduction(**{name: value})


def test_an_unknown_order_is_refused():
    """The message lists the four orders."""
    rule = "order must be one of sequential, reverse, pairwise, permuted, got 'random'"
    with pytest.raises(ValueError, match=rule):
        Reduction(order="random")


def test_fma_is_a_yes_or_a_no():
    """A number is no answer to whether products are fused."""
    with pytest.raises(TypeError, match="fma must be True or False, got 1"):
        Reduction(fma=1)
