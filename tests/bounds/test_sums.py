"""Bounds of sums and means, held against exact fractions, math.fsum and NumPy."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.bounds import matmul_bound, mean_bound, probe, sum_bound
from workbook.floats import format_of
from workbook.simulated import SimulatedAccelerator

FLOAT32 = st.floats(-1e10, 1e10, width=32)


def fold(values, order, add):
    """Reduce in a random tree: any order of the additions is one."""
    values = list(values)
    while len(values) > 1:
        first = values.pop(order.randrange(len(values)))
        second = values.pop(order.randrange(len(values)))
        values.append(add(first, second))
    return values[0]


def within(computed, exact, bound):
    """Compare in exact arithmetic."""
    return abs(Fraction(float(computed)) - exact) <= Fraction(float(bound.limit))


@given(st.lists(FLOAT32, min_size=1, max_size=20), st.integers(0, 99))
def test_any_order(values, seed):
    """A float32 sum in any order is within its bound of the exact fraction."""
    computed = fold(map(np.float32, values), random.Random(seed), lambda a, b: a + b)
    bound = sum_bound(torch.tensor(values), "float32", depth="any")
    assert within(computed, sum(map(Fraction, values)), bound)


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=20), st.integers(0, 99))
def test_float64(values, seed):
    """In float64 the bound's own roundings do not make it too narrow."""
    computed = fold(values, random.Random(seed), lambda a, b: a + b)
    x = torch.tensor(values, dtype=torch.float64)
    assert within(computed, sum(map(Fraction, values)), sum_bound(x, "float64", depth="any"))


@given(st.lists(FLOAT32, min_size=1, max_size=300))
def test_torch_sum(values):
    """torch's own sum is within the bound of its depth."""
    x = torch.tensor(values)
    assert within(x.sum(), sum(map(Fraction, values)), sum_bound(x, "float32"))


def test_all_orders():
    """Six numbers in all 720 orders: every sum within, and some order near enough to need it."""
    values = [1e8, 1.0, -1e8, 3.0, 1e-3, -7.25]
    bound = sum_bound(torch.tensor(values, dtype=torch.float64), "float32", depth="any")
    exact = math.fsum(float(np.float32(value)) for value in values)
    sums = [
        float(fold(map(np.float32, order), random.Random(0), lambda a, b: a + b))
        for order in itertools.permutations(values)
    ]
    assert all(abs(one - exact) <= float(bound.limit) for one in sums)
    assert max(abs(one - exact) for one in sums) > float(bound.limit) / 20


def test_is_not_loose():
    """One addition whose error is all but u |sum| is within, by less than 1 in 1000."""
    a, b = np.float32(1.0), np.float32(2**-24)
    bound = sum_bound(torch.tensor([a, b]), "float32")
    error = abs(Fraction(float(a + b)) - (Fraction(float(a)) + Fraction(float(b))))
    limit = Fraction(float(bound.limit))
    assert Fraction(999, 1000) * limit < error <= limit


def test_dims():
    """Over a dimension, the bound has the shape of torch's sum and counts that dimension."""
    x = torch.rand(3, 4, 5)
    bound = sum_bound(x, "float32", dim=(0, 2), depth="any")
    assert bound.limit.shape == x.sum((0, 2)).shape
    u = 2.0**-24
    expected = np.abs(x.double().numpy()).sum((0, 2)) * 14 * u / (1 + u)
    np.testing.assert_allclose(bound.limit, expected, rtol=1e-12)
    assert bound.name == "depth 14 (any order) * u * sum|x|"
    np.testing.assert_allclose(bound.scale, np.abs(x.double().numpy()).sum((0, 2)))
    assert (bound.terms, bound.term) == (15, "element")


def test_nothing_and_one():
    """A sum of no elements, and one of a single element, are exact."""
    assert sum_bound(torch.empty(0), "float32").greatest == 0.0
    assert sum_bound(torch.tensor(0.1), "float32").greatest == 0.0
    assert mean_bound(torch.tensor([0.1]), "float32").greatest == 0.0


def test_given_depth():
    """A depth of 2 allows a fifth of what one of 10 does, and n - 1 is never passed."""
    x = torch.rand(100).add(0.1)
    two, ten = (sum_bound(x, "float32", depth=depth) for depth in (2, 10))
    assert float(ten.limit / two.limit) == pytest.approx(5, rel=1e-6)
    assert two.name == "depth 2 (as given) * u * sum|x|"
    most = sum_bound(x, "float32", depth=10**9)
    assert float(most.limit) == float(sum_bound(x, "float32", depth="any").limit)


@pytest.mark.parametrize("depth", [0, -1, True, 2.5, "torsh"])
def test_bad_depth(depth):
    """A depth is a whole number from 1, or one of two words."""
    with pytest.raises(ValueError, match='depth must be a whole number from 1, "torch" or "any"'):
        sum_bound(torch.rand(9), "float32", depth=depth)


def test_bad_dim():
    """A dimension that is not there is refused in a sentence."""
    with pytest.raises(ValueError, match="dim must be from -2 to 1, got 2"):
        sum_bound(torch.rand(3, 4), "float32", 2)


def test_never_refused():
    """A running total of 16 bits has a bound for any number of terms, and stays within it."""
    x = torch.rand(3000).bfloat16()
    total = torch.zeros((), dtype=torch.bfloat16)
    for value in x:
        total = total + value
    exact = math.fsum(x.double().tolist())
    assert abs(float(total) - exact) <= sum_bound(x, "bfloat16", depth="any").limit


def test_result_format():
    """The last rounding counts with the size of the result, not of all that went in."""
    x = torch.rand(10_000).half()
    x[::2] *= -1
    exact = math.fsum(x.double().tolist())
    bound = sum_bound(x, "float32", depth="any", result="float16")
    plain = sum_bound(x, "float32", depth="any")
    computed = float(np.float16(np.cumsum(x.float().numpy())[-1]))
    assert abs(computed - exact) <= bound.limit
    last = float(bound.limit - plain.limit)
    assert 2.0**-11 * abs(exact) < last < 2.0**-10 * (abs(exact) + float(plain.limit)) + 1e-6
    assert bound.name == "depth 9999 (any order) * u * sum|x|, float16 result"


def test_result_in_the_same_format():
    """Rounding to the format that the sum already has costs nothing."""
    x = torch.rand(10)
    plain, same = sum_bound(x, "float32"), sum_bound(x, "float32", result=torch.float32)
    assert (plain.limit, plain.name) == (same.limit, same.name)


@pytest.mark.parametrize("dtype", ["float16", "float8_e5m2"])
def test_result_underflow(dtype):
    """A sum or product that vanishes when it is rounded at the end is covered."""
    tiny = format_of(dtype).smallest_subnormal / 2
    x = torch.tensor([tiny])
    assert x.to(format_of(dtype).dtype).item() == 0
    assert sum_bound(x, "float32", result=dtype).limit >= tiny
    assert matmul_bound(x, torch.ones(1), "float32", result=dtype).limit >= tiny


@pytest.mark.parametrize(
    "x",
    [
        torch.ones(1000, 1000),
        torch.rand(50_000).gt(0.5).float(),
        torch.arange(-200.0, 201.0) / 8,
        torch.zeros(10),
    ],
)
def test_whole_numbers_round_nothing(x):
    """Counts, masks, eighths and zeros add up exactly, so that one missing is no rounding."""
    assert sum_bound(x, "float32", depth="any").greatest == 0.0
    assert float(np.cumsum(x.numpy(), dtype=np.float32)[-1]) == math.fsum(x.flatten().tolist())


@pytest.mark.parametrize("last", [1.0, 0.5])
def test_whole_numbers_up_to_the_format(last):
    """2**24 in all is still exact; half a number more, and it is not."""
    x = torch.tensor([2.0**24 - 1, last])
    assert (sum_bound(x, "float32").greatest == 0.0) == (last == 1.0)


def test_whole_numbers_in_a_short_format():
    """A count that float32 holds can be rounded in float16: 3001 becomes 3000, and is within."""
    x = torch.ones(3001, dtype=torch.float16)
    bound = sum_bound(x, "float32", result="float16")
    assert 1.0 <= bound.limit < 4.0
    assert sum_bound(x[:2048], "float32", result="float16").greatest == 0.0


def test_mean():
    """A mean is within its bound: float32, 16 bits, and a whole sum divided once."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        x = torch.rand(5000).add(1).to(dtype)
        exact = math.fsum(x.double().tolist()) / 5000
        bound = mean_bound(x, "float32", result=dtype)
        assert abs(float(x.mean()) - exact) <= bound.limit < 2 * torch.finfo(dtype).eps * exact * 30
    count = mean_bound(torch.ones(3), "float32")
    assert 2.0**-24 <= count.limit < 2.0**-22


def test_mean_dims():
    """Over a dimension the bound of a mean has the mean's shape."""
    x = torch.rand(4, 50)
    bound = mean_bound(x, "float32", 1)
    assert ((x.mean(1).double() - x.double().mean(1)).abs() <= bound.limit).all()
    assert bound.terms == 50


def test_where_the_order_is_not_known(monkeypatch):
    """Inside a dispatch mode, for a converted copy, and after a probe that disagrees: n - 1."""
    x = torch.rand(5000) * 2.0 ** torch.linspace(-40, 40, 5000)  # no sum of a few is exact
    assert "torch's blocks" in sum_bound(x, "float32").name
    assert "depth 4999 (any order: a converted copy" in sum_bound(x, "float64").name
    with SimulatedAccelerator():
        assert "depth 4999 (any order: inside a dispatch mode)" in sum_bound(x, "float32").name
    ragged = torch.rand(100, 90).add(0.1)[:, :50]
    assert "depth 4999 (any order: torch's is not known" in sum_bound(ragged, "float32").name
    monkeypatch.setattr(probe, "measured_depth", lambda *_, **__: 10**6)
    probe.as_expected.cache_clear()
    name = sum_bound(x, "float32").name
    probe.as_expected.cache_clear()
    assert "depth 4999 (any order: this torch adds in another one than expected)" in name
