"""Depths, measured on this machine from outside, and held beside those that are in use."""

import itertools

import pytest
import torch

from workbook.bounds import measured_depth, sum_depth
from workbook.bounds.depth import cascade_depth, sum_kind
from workbook.bounds.probe import as_expected

LANES = {
    torch.float64: (2, 4),
    torch.float32: (4, 8),
    torch.float16: (8, 4),
    torch.bfloat16: (8, 4),
}
SIZES = (1, 2, 3, 7, 16, 33, 64, 100, 131, 200)


def chain(x):
    """Add one after another."""
    total = x[0]
    for value in x[1:]:
        total = total + value
    return total


def pairs(x):
    """Add neighbors, then neighbors of the sums."""
    while len(x) > 1:
        x = x[::2] + x[1::2]
    return x[0]


@pytest.mark.parametrize("terms", [2, 5, 32])
def test_the_probe_knows_a_chain_and_a_tree(terms):
    """A loop is n - 1 deep, adding in pairs log2 n."""
    assert measured_depth(chain, terms) == terms - 1
    if terms & (terms - 1) == 0:
        assert measured_depth(pairs, terms) == terms.bit_length() - 1


def test_the_probe_sees_each_leaf():
    """In a loop the last term goes through one addition; some partners alone show no more."""
    assert measured_depth(chain, 20, leaves=[19]) == 1
    assert measured_depth(chain, 20, leaves=[0], partners=[1, 5]) == 2


def test_the_probe_on_products():
    """No entry of a product with ones is deeper than the K of its bound."""
    ones = torch.ones(96, 8)
    many = measured_depth(lambda x: (x.expand(4, 96) @ ones)[0, 0], 96, leaves=[0, 50, 95])
    one = measured_depth(lambda x: (x[None] @ ones)[0, 0], 96, leaves=[0, 50, 95])
    assert 1 <= many <= 96 and 1 <= one <= 96


@pytest.mark.parametrize("terms", [0, 257])
def test_the_probe_counts_no_further_than_the_format(terms):
    """bfloat16 counts to 256."""
    with pytest.raises(ValueError, match=f"can count from 1 to 256 terms, got {terms}"):
        measured_depth(torch.sum, terms, dtype=torch.bfloat16)


def test_the_probe_needs_a_float():
    """Whole numbers swallow nothing."""
    with pytest.raises(ValueError, match="a float of 16, 32 or 64 bits, got"):
        measured_depth(torch.sum, 3, dtype=torch.int64)


@pytest.mark.parametrize("dtype", LANES)
def test_depth_of_a_sum_is_the_cascade(dtype):
    """torch.sum of contiguous numbers is as deep as its cascade, for one width of registers."""
    measured = [measured_depth(torch.sum, size, dtype=dtype) for size in SIZES]
    of = {
        (lanes, pair): [cascade_depth(size, lanes, pair=pair) for size in SIZES]
        for lanes, pair in itertools.product(LANES[dtype], (1, 2) if dtype.itemsize == 2 else (1,))
    }
    assert measured in of.values()
    used = [sum_depth(torch.empty(size, dtype=dtype)) for size in SIZES]
    assert all(have <= most <= 1.5 * have + 10 for have, most in zip(measured, used, strict=True))


@pytest.mark.uncounted
@pytest.mark.parametrize("dtype", LANES)
def test_depth_of_a_strided_sum(dtype):
    """Numbers that do not lie side by side are added without registers."""
    memory = torch.empty(400, dtype=dtype)

    def every_other(x):
        return memory[: 2 * len(x) : 2].copy_(x).sum()

    measured = [measured_depth(every_other, size, dtype=dtype) for size in SIZES]
    assert measured == [cascade_depth(size, 1) for size in SIZES]
    assert measured == [sum_depth(memory[: 2 * size : 2]) for size in SIZES]


@pytest.mark.parametrize("dtype", LANES)
@pytest.mark.parametrize("columns", [3, 37])
def test_depth_of_columns(dtype, columns):
    """Down the rows each column has its own tree; none is deeper than the depth in use."""
    for size, column in itertools.product((20, 150), (0, columns - 1)):
        memory = torch.empty(size, columns, dtype=dtype)

        def down(x, memory=memory, column=column):
            return memory.copy_(x[:, None]).sum(0)[column]

        leaves = range(0, size, 7)
        assert measured_depth(down, size, dtype=dtype, leaves=leaves) <= sum_depth(memory, 0)


@pytest.mark.parametrize("shape, dim", [((4, 100), 1), ((5, 6, 7), (1, 2)), ((5, 6, 7), (0, 1))])
def test_depth_over_dimensions(shape, dim):
    """Summed dimensions that lie in one run count as one."""
    dims = (dim,) if isinstance(dim, int) else dim
    terms = 1
    for one in dims:
        terms *= shape[one]
    kept = tuple(size for place, size in enumerate(shape) if place not in dims)

    def first(x):
        inside = [shape[place] if place in dims else 1 for place in range(len(shape))]
        return x.view(inside).expand(shape).contiguous().sum(dim)[(0,) * len(kept)]

    leaves = range(0, terms, 5)
    assert measured_depth(first, terms, leaves=leaves) <= sum_depth(torch.empty(shape), dim)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_depth_with_threads(threads):
    """Where threads share a sum, what some terms meet is within the depth in use."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        terms = 100_000
        partners = [*range(1, 300), *range(1000, terms, 997)]
        measured = measured_depth(torch.sum, terms, leaves=[0, terms // 2], partners=partners)
    finally:
        torch.set_num_threads(before)
    assert 20 < measured <= sum_depth(torch.empty(terms))


@pytest.mark.parametrize(
    "x, dim, kind",
    [
        (torch.empty(9), None, "contiguous"),
        (torch.empty(3, 4).t(), None, "contiguous"),
        (torch.empty(3, 4).t(), 0, "contiguous"),
        (torch.empty(3, 4), 0, "columns"),
        (torch.empty(9)[::2], None, "strided"),
        (torch.empty(3, 9)[:, :5], None, None),
        (torch.empty(3, 4, 5), (0, 2), None),
        (torch.empty(3, device="meta"), None, None),
        (torch.empty(3).long(), None, None),
        (torch.empty(()), None, "contiguous"),
    ],
)
def test_kinds(x, dim, kind):
    """How the terms lie in memory decides how they are added, where that is known."""
    assert sum_kind(x, dim) == kind
    assert (sum_depth(x, dim) is None) == (kind is None)


def test_long_sums_are_not_known():
    """From 2**28 terms on, torch cuts a sum once more."""
    assert sum_depth(torch.empty(1).expand(2**28)) is None


@pytest.mark.parametrize("dtype", LANES)
@pytest.mark.parametrize("kind", ["contiguous", "strided", "columns"])
def test_this_machine_adds_as_expected(dtype, kind):
    """The short check that runs before the first bound agrees here."""
    assert as_expected(dtype, kind)
