"""How roundings grow, held against fractions and simulated martingales."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.bounds import certain, gamma, likely


@pytest.mark.parametrize("fmt, u", [("float32", 2**-24), ("float64", 2**-53), ("tf32", 2**-11)])
def test_gamma_formula(fmt, u):
    """gamma is (1 - u)**-n - 1, a little below Higham's n u / (1 - n u)."""
    exact = (1 - Fraction(u)) ** -7 - 1
    assert math.isclose(gamma(7, fmt), exact, rel_tol=1e-14)
    assert gamma(7, fmt) <= 7 * Fraction(u) / (1 - 7 * Fraction(u))


def test_gamma_zero():
    """No rounding, no error."""
    assert gamma(0, "float32") == 0.0


@pytest.mark.parametrize("n", [256, 10**6])
def test_gamma_is_never_refused(n):
    """Where n u reaches 1 there is a limit still."""
    assert n * 2.0**-8 <= gamma(n, "bfloat16") < math.inf


@pytest.mark.parametrize("n", [-1, 1.5, True])
def test_gamma_rejects(n):
    """The number of roundings is a whole number."""
    with pytest.raises(ValueError, match="whole number from 0, got"):
        gamma(n, "float32")


@given(st.lists(st.sampled_from([-1, 1]), max_size=30), st.sampled_from(["float32", "bfloat16"]))
def test_gamma_covers_products(signs, fmt):
    """(1 + d_1)...(1 + d_n) with every |d| = u stays within 1 + gamma(n), dividing too."""
    u = Fraction(2) ** (-24 if fmt == "float32" else -8)
    grown = math.prod((1 + sign * u for sign in signs), start=Fraction(1))
    limit = Fraction(gamma(len(signs), fmt)) * (1 + Fraction(2) ** -50)
    assert abs(grown - 1) <= limit
    assert abs(1 / grown - 1) <= limit


@pytest.mark.parametrize("depth", [0, 1, 62])
def test_certain_formula(depth):
    """The certain limit is (1 + u)**depth - 1."""
    exact = (1 + Fraction(2) ** -24) ** depth - 1
    assert math.isclose(certain(depth, "float32"), exact, rel_tol=1e-14)


def test_certain_any_order():
    """With the number of terms it is never above (n - 1) u / (1 + u), whatever n u is."""
    u = Fraction(2) ** -8
    assert math.isclose(certain(9999, "bfloat16", terms=10_000), 9999 * u / (1 + u), rel_tol=1e-14)


def test_certain_is_reached():
    """1, then twice half of the step above 1: every rounding pulls down, and the limit is met."""
    u = np.float32(2**-24)
    total = (np.float32(1) + u) + u
    error = (1 + 2 * Fraction(2) ** -24) - Fraction(float(total))
    scale = 1 + 2 * Fraction(2) ** -24
    limit = Fraction(certain(2, "float32", terms=3)) * scale
    assert Fraction(999_999, 10**6) * limit <= error <= limit


def test_likely_formula():
    """Beyond depth 43 it is sqrt(2 ln(2 N / 10**-9)) sqrt(depth) u, to first order."""
    spread = math.sqrt(2 * math.log(2e9 * 64)) * math.sqrt(4096) * 2.0**-24
    assert likely(4096, "float32", results=64) == pytest.approx(spread, rel=1e-3)


@given(st.integers(0, 10**7), st.sampled_from(["float32", "bfloat16"]))
def test_likely_is_never_the_larger(depth, fmt):
    """Where nothing is gained by luck, the certain limit stands."""
    assert likely(depth, fmt) <= certain(depth, fmt)
    assert likely(depth, fmt, terms=depth + 1) <= certain(depth, fmt, terms=depth + 1)


@pytest.mark.parametrize("depth, same", [(9, True), (42, True), (43, False)])
def test_where_luck_begins_to_help(depth, same):
    """Up to depth 42 both limits are one."""
    assert (likely(depth, "float64") == certain(depth, "float64")) == same


def test_likely_holds_for_its_model():
    """Roundings of random sign, exactly u each, stay within it: 0 of 2,000 chains of 400."""
    generator = np.random.default_rng(0)
    signs = generator.choice([-1.0, 1.0], (2000, 400))
    errors = np.abs(np.expm1(np.log1p(signs * 2.0**-24).sum(1)))
    assert (errors <= likely(400, "float32")).all()
    assert errors.max() > likely(400, "float32") / 4
