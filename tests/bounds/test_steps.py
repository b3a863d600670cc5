"""Bounds of single operations and of chains, held against exact fractions and math.ulp."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.bounds import Bound, chain_bound, elementwise_bound


@given(st.floats(-1e6, 1e6, width=32), st.floats(0.125, 1e6, width=32))
def test_elementwise_correctly_rounded(x, y):
    """NumPy's float32 + - * / and sqrt are within half a ULP of the exact fraction."""
    a, b = np.float32(x), np.float32(y)
    results = [
        (a + b, Fraction(x) + Fraction(y)),
        (a * b, Fraction(x) * Fraction(y)),
        (a / b, Fraction(x) / Fraction(y)),
    ]
    for computed, exact in results:
        limit = elementwise_bound(torch.tensor(float(exact), dtype=torch.float64), "float32")
        assert abs(Fraction(float(computed)) - exact) <= Fraction(float(limit.limit))


def test_elementwise_ulps():
    """k ULPs at 1.5 in float32 are k * 2**-23 and never below it, nor beyond twice that."""
    bound = elementwise_bound(torch.tensor([1.5]), "float32", ulps=4, source="given")
    assert 4 * 2**-23 <= bound.limit.item() <= 8 * 2**-23
    assert (bound.name, bound.source) == ("4 ULPs", "given")


def test_elementwise_subnormal():
    """Near zero a unit is the smallest subnormal, as math.ulp has it for float64."""
    exact = torch.tensor([5e-324, 1e-310, 0.0], dtype=torch.float64)
    limit = elementwise_bound(exact, "float64", ulps=1).limit
    assert all(have >= math.ulp(value) for have, value in zip(limit, exact.tolist(), strict=True))


@pytest.mark.parametrize("ulps", [0, -1, math.nan])
def test_elementwise_rejects(ulps):
    """A number of ULPs is positive."""
    with pytest.raises(ValueError, match="ulps must be positive, got"):
        elementwise_bound(torch.ones(1), "float32", ulps=ulps)


@given(st.floats(0.5, 2, width=32), st.lists(st.floats(0.5, 2, width=32), min_size=1, max_size=10))
def test_chain_of_products(start, factors):
    """Multiplying again and again in float32 stays within the chain of its steps."""
    computed, exact = np.float32(start), Fraction(start)
    steps = []
    for factor in factors:
        computed, exact = computed * np.float32(factor), exact * Fraction(factor)
        # What is rounded is the computed product, at most this much larger than the exact one.
        size = torch.tensor(float(exact) * (1 + 1e-5), dtype=torch.float64)
        steps.append((factor, elementwise_bound(size, "float32")))
    limit = Fraction(float(chain_bound(*steps).limit))
    assert abs(Fraction(float(computed)) - exact) <= limit


def test_chain_rule():
    """The error of a step is multiplied by all later gains, and its own bound comes on top."""
    bound = chain_bound((9.0, Bound(1.0, "a", "x")), (2.0, Bound(0.5, "b", "y")))
    assert bound.limit == pytest.approx(2.5)
    assert (bound.name, bound.source) == ("chain of 2: a, b", "x; y")


def test_chain_rejects():
    """A chain has steps, and no gain is negative."""
    with pytest.raises(ValueError, match="at least one step, got 0"):
        chain_bound()
    with pytest.raises(ValueError, match="gain must not be negative, got -1"):
        chain_bound((-1.0, Bound(1.0, "a", "x")))
