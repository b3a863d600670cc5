"""Bounds of single operations, held against exact fractions and math.ulp."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.bounds import elementwise_bound


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
