"""The bounds, held against exact arithmetic: fractions.Fraction, math.fsum, float64 and NumPy."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.bounds import (
    Bound,
    chain_bound,
    dot_bound,
    elementwise_bound,
    gamma,
    gamma_probabilistic,
    matmul_bound,
    sum_bound,
)
from workbook.bounds.arithmetic import undisturbed
from workbook.conditions.switches import flushes
from workbook.floats import format_of
from workbook.simulated import SimulatedAccelerator

FLOAT32 = st.floats(-1e10, 1e10, width=32)
FLOAT16 = st.floats(-100, 100, width=16)
DTYPES = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


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


@pytest.mark.parametrize("fmt, u", [("float32", 2**-24), ("float64", 2**-53), ("tf32", 2**-11)])
def test_gamma_formula(fmt, u):
    """gamma is n u / (1 - n u), to the last bits of float64."""
    exact = Fraction(7) * Fraction(u) / (1 - 7 * Fraction(u))
    assert math.isclose(gamma(7, fmt), exact, rel_tol=1e-15)


def test_gamma_zero():
    """No rounding, no error."""
    assert gamma(0, "float32") == 0.0


def test_gamma_limit():
    """Where n u reaches 1 nothing is known: the message names the last n that has a bound."""
    assert gamma(255, "bfloat16") == pytest.approx(255)
    with pytest.raises(ValueError, match="bfloat16 has a bound for at most 255 roundings, got 256"):
        gamma(256, "bfloat16")


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


def test_probabilistic_published_value():
    """lambda = 5 fails at most 2 n exp(-12.5) of the time; to first order it is 5 sqrt(n) u."""
    n = 10_000
    failing = 2 * n * math.exp(-12.5)
    measured = gamma_probabilistic(n, "float64", 1 - failing)
    assert measured == pytest.approx(5 * math.sqrt(n) * 2**-53, rel=1e-6)


@pytest.mark.parametrize("n, results", [(1, 1), (3, 1), (1, 4)])
def test_probabilistic_formula(n, results):
    """In a format of 3 bits, where every term counts, it is the paper's formula."""
    u, spread = 2.0**-3, 2.5
    failing = 2 * n * results * math.exp(-(spread**2) * (1 - u) ** 2 / 2)
    expected = math.exp(spread * math.sqrt(n) * u + n * u**2 / (1 - u)) - 1
    measured = gamma_probabilistic(n, "float8_e5m2", 1 - failing, results=results)
    assert measured == pytest.approx(expected, rel=1e-12)


def test_probabilistic_grows_with_confidence_and_results():
    """More certainty and more results to be certain of cost a wider bound."""
    plain = gamma_probabilistic(100, "float32", 0.9)
    assert plain < gamma_probabilistic(100, "float32", 0.99)
    assert plain < gamma_probabilistic(100, "float32", 0.9, results=1000)


def test_probabilistic_zero():
    """No rounding, no error, whatever the confidence."""
    assert gamma_probabilistic(0, "float32", 0.5) == 0.0


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1, 2, math.nan])
def test_probabilistic_rejects(confidence):
    """Certainty has no probabilistic bound."""
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, got"):
        gamma_probabilistic(10, "float32", confidence)


def test_probabilistic_model_holds():
    """Random signs of u, multiplied up exactly, stay inside at least as often as promised."""
    generator = np.random.default_rng(0)
    n, trials, u = 400, 1000, 2.0**-11
    logs = np.where(generator.random((trials, n)) < 0.5, math.log1p(u), math.log1p(-u)).sum(1)
    inside = np.abs(np.expm1(logs)) <= gamma_probabilistic(n, "float16", 0.9)
    assert inside.mean() >= 0.9


@given(st.lists(FLOAT32, min_size=1, max_size=20), st.integers(0, 99))
def test_sum_any_order(values, seed):
    """A float32 sum in any order is within its bound of the exact fraction."""
    computed = fold(map(np.float32, values), random.Random(seed), lambda a, b: a + b)
    assert within(computed, sum(map(Fraction, values)), sum_bound(torch.tensor(values), "float32"))


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=20), st.integers(0, 99))
def test_sum_float64(values, seed):
    """In float64 the bound's own roundings do not make it too narrow."""
    computed = fold(values, random.Random(seed), lambda a, b: a + b)
    x = torch.tensor(values, dtype=torch.float64)
    assert within(computed, sum(map(Fraction, values)), sum_bound(x, "float64"))


def test_sum_all_orders():
    """Six numbers in all 720 orders: every sum within, and some order near enough to need it."""
    values = [1e8, 1.0, -1e8, 3.0, 1e-3, -7.25]
    bound = sum_bound(torch.tensor(values, dtype=torch.float64), "float32")
    exact = math.fsum(float(np.float32(value)) for value in values)
    sums = [
        float(fold(map(np.float32, order), random.Random(0), lambda a, b: a + b))
        for order in itertools.permutations(values)
    ]
    assert all(abs(one - exact) <= float(bound.limit) for one in sums)
    assert max(abs(one - exact) for one in sums) > float(bound.limit) / 20


def test_sum_is_not_loose():
    """One addition whose error is all but u |sum| is within, by less than 1 in 1000."""
    a, b = np.float32(1.0), np.float32(2**-24)
    bound = sum_bound(torch.tensor([a, b]), "float32")
    error = abs(Fraction(float(a + b)) - (Fraction(float(a)) + Fraction(float(b))))
    limit = Fraction(float(bound.limit))
    assert Fraction(999, 1000) * limit < error <= limit


def test_sum_dims():
    """Over a dimension, the bound has the shape of torch's sum and counts that dimension."""
    x = torch.rand(3, 4, 5)
    bound = sum_bound(x, "float32", dim=(0, 2))
    assert bound.limit.shape == x.sum((0, 2)).shape
    expected = np.abs(x.double().numpy()).sum((0, 2)) * gamma(14, "float32")
    np.testing.assert_allclose(bound.limit, expected, rtol=1e-12)
    assert bound.name == "gamma_14 * sum|x|"


def test_sum_of_nothing():
    """A sum of no elements is exact."""
    assert sum_bound(torch.empty(0), "float32").greatest == 0.0


def test_sum_result_format():
    """Ten thousand float16 numbers, added up in float32 and rounded once, are within the bound."""
    x = torch.rand(10_000).half()
    exact = math.fsum(x.double().tolist())
    bound = sum_bound(x, "float32", result="float16")
    assert abs(float(np.float16(np.cumsum(x.float().numpy())[-1])) - exact) <= bound.limit
    assert bound.name == "gamma_9999 * sum|x|, float16 result"
    with pytest.raises(ValueError, match="float16 has a bound for at most 2047 roundings"):
        sum_bound(x, "float16")


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
    assert dot_bound(x, torch.ones(1), "float32", result=dtype).limit >= tiny


PAIRS = st.lists(st.tuples(FLOAT32, FLOAT32), min_size=1, max_size=15)


@given(PAIRS, st.integers(0, 99))
def test_dot_any_order(pairs, seed):
    """A float32 dot product in any order is within its bound of the exact fraction."""
    a, b = zip(*pairs, strict=True)
    products = [np.float32(x) * np.float32(y) for x, y in pairs]
    computed = fold(products, random.Random(seed), lambda x, y: x + y)
    exact = sum(Fraction(x) * Fraction(y) for x, y in pairs)
    assert within(computed, exact, dot_bound(torch.tensor(a), torch.tensor(b), "float32"))


@given(PAIRS)
def test_dot_with_fma(pairs):
    """A chain of fused multiply-adds, each rounded once from the exact value, is within too."""
    a, b = zip(*pairs, strict=True)
    computed = Fraction(0)
    for x, y in pairs:
        # 48 bits of product and 24 of sum: float64 alone would round twice.
        computed = rounded_to_float32(computed + Fraction(x) * Fraction(y))
    exact = sum(Fraction(x) * Fraction(y) for x, y in pairs)
    bound = dot_bound(torch.tensor(a), torch.tensor(b), "float32")
    assert abs(computed - exact) <= Fraction(float(bound.limit))


def rounded_to_float32(value):
    """Round a fraction to float32, ties to even, in exact arithmetic."""
    if value == 0:
        return value
    exponent = max(math.frexp(abs(float(value)))[1] - 24, -149)
    while abs(value) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    quantum = Fraction(2) ** exponent
    return round(value / quantum) * quantum


@given(st.lists(st.tuples(FLOAT16, FLOAT16), min_size=1, max_size=10), st.integers(0, 99))
@settings(max_examples=50)
def test_dot_underflow(pairs, seed):
    """Products that underflow to subnormals are covered by the bound's last term."""
    a = torch.tensor([x * 2**-20 for x, _ in pairs], dtype=torch.float16)
    b = torch.tensor([y * 2**-4 for _, y in pairs], dtype=torch.float16)
    products = list(a.numpy() * b.numpy())
    computed = fold(products, random.Random(seed), lambda x, y: x + y)
    exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a.tolist(), b.tolist(), strict=True))
    assert within(computed, exact, dot_bound(a, b, "float16"))


def test_dot_shapes():
    """A dot product is for two vectors of one length."""
    with pytest.raises(ValueError, match=r"vectors of one length, got \(2,\) and \(3,\)"):
        dot_bound(torch.ones(2), torch.ones(3), "float32")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_matmul(dtype):
    """torch's own matmul is within the bound of the exact product of fractions."""
    a, b = torch.rand(3, 20).sub(0.5).to(dtype), torch.rand(20, 2).sub(0.5).to(dtype)
    computed, bound = a @ b, matmul_bound(a, b, dtype)
    for i, j in itertools.product(range(3), range(2)):
        terms = zip(a[i].tolist(), b[:, j].tolist(), strict=True)
        exact = sum(Fraction(x) * Fraction(y) for x, y in terms)
        assert abs(Fraction(float(computed[i, j])) - exact) <= Fraction(float(bound.limit[i, j]))
    assert bound.name == "gamma_20 * |A||B|"


def test_matmul_formula():
    """The limit is gamma_n |A||B|, as NumPy computes it."""
    a, b = torch.randn(4, 5, 6), torch.randn(4, 6, 3)
    expected = np.abs(a.double().numpy()) @ np.abs(b.double().numpy()) * gamma(6, "float32")
    np.testing.assert_allclose(matmul_bound(a, b, "float32").limit, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_matmul_inputs_and_result(dtype):
    """Operands rounded to 16 bits, summed in float32 and rounded to 16 bits again are within."""
    a, b = torch.rand(8, 64).sub(0.5), torch.rand(64, 8).sub(0.5)
    computed = (a.to(dtype).float() @ b.to(dtype).float()).to(dtype)
    exact = a.double() @ b.double()
    bound = matmul_bound(a, b, "float32", inputs=dtype, result=dtype)
    error = (computed.double() - exact).abs()
    assert (error <= bound.limit).all()
    assert (error > matmul_bound(a, b, "float32").limit).any()
    assert "float32" not in bound.name and bound.name.endswith("result) * |A||B|")


def test_matmul_inputs_underflow():
    """Operands that vanish when they are rounded to float16 are covered too."""
    a, b = torch.full((1, 4), 1e-8), torch.full((4, 1), 1000.0)
    computed = a.half().float() @ b
    bound = matmul_bound(a, b, "float32", inputs="float16")
    assert computed.item() == 0.0
    assert abs((a.double() @ b.double()).item()) <= bound.limit.item()


def test_matmul_inputs_formula():
    """With tf32 inputs the leading terms are 2 u_in and gamma_n."""
    a, b = torch.ones(1, 100), torch.ones(100, 1)
    bound = matmul_bound(a, b, "float32", inputs="tf32")
    u, g = Fraction(2) ** -11, Fraction(100, 2**24) / (1 - Fraction(100, 2**24))
    expected = ((1 + u) ** 2 * (1 + g) - 1) * 100
    assert bound.limit.item() == pytest.approx(float(expected), rel=1e-9)


def test_matmul_probabilistic():
    """The probabilistic bound is narrower for long sums, and measured errors stay within it."""
    a, b = torch.rand(16, 2000).sub(0.5), torch.rand(2000, 16).sub(0.5)
    bound = matmul_bound(a, b, "float32", probabilistic=True, confidence=0.999)
    assert (bound.limit < matmul_bound(a, b, "float32").limit / 5).all()
    assert ((a @ b).double() - a.double() @ b.double()).abs().le(bound.limit).all()
    assert bound.name == "probabilistic gamma_2000 * |A||B|"
    assert "99.9" in bound.source


def test_matmul_probabilistic_counts_results():
    """The confidence is for all elements together, so more of them widen the bound."""
    one = matmul_bound(torch.ones(1, 50), torch.ones(50, 1), "float32", probabilistic=True)
    many = matmul_bound(torch.ones(9, 50), torch.ones(50, 9), "float32", probabilistic=True)
    expected = 50 * gamma_probabilistic(50, "float32", results=81)
    assert many.greatest == pytest.approx(expected, rel=1e-6)
    assert many.greatest > 1.01 * one.greatest


def test_matmul_length_zero():
    """An inner dimension of 0 leaves zeros, which are exact."""
    assert matmul_bound(torch.empty(2, 0), torch.empty(0, 3), "float32").greatest == 0.0


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
    assert within(computed, exact, chain_bound(*steps))


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


def test_bounds_add():
    """Two results, each within its bound, differ by at most the sum; the name says both."""
    total = Bound(0.1, "a", "x") + Bound(0.2, "b", "y")
    assert Fraction(total.limit) >= Fraction(0.1) + Fraction(0.2)
    assert (total.name, total.source) == ("a + b", "x; y")
    twice = Bound(0.1, "a", "x") + Bound(0.1, "a", "x")
    assert (twice.name, twice.source) == ("2 * (a)", "x")


def test_bounds_add_shapes():
    """A number and a tensor of limits add up element by element."""
    total = Bound(1.0, "a", "x") + Bound(torch.tensor([1.0, 2.0]).double(), "b", "x")
    assert total.greatest == pytest.approx(3.0)


@pytest.mark.parametrize("limit", [-1.0, torch.tensor([1.0, -2.0])])
def test_bound_rejects_negative(limit):
    """No limit is negative."""
    with pytest.raises(ValueError, match="a limit must not be negative, got -"):
        Bound(limit, "a", "x")


def test_bound_of_nothing():
    """The greatest of no limits is 0."""
    assert Bound(torch.empty(0), "a", "x").greatest == 0.0


def test_bound_needs_reals():
    """Complex numbers have to be taken apart first."""
    with pytest.raises(TypeError, match=r"a bound needs real numbers, got torch.complex64"):
        sum_bound(torch.ones(2, dtype=torch.complex64), "float32")


def test_inputs_unchanged():
    """Bounds leave their inputs alone, and need no gradient of them."""
    x = torch.tensor([[1.0, -2.0]], requires_grad=True)
    before = x.detach().clone()
    bound = matmul_bound(x, x.t(), "float32")
    assert not bound.limit.requires_grad
    assert torch.equal(x, before)


@pytest.mark.parametrize("float64", ["downcast", "refuse"])
def test_bounds_inside_the_simulated_accelerator(float64):
    """A simulated accelerator without float64 changes no bound, and stays in force."""
    a, b = torch.rand(5, 7), torch.rand(7, 4)
    outside = matmul_bound(a, b, "float32", inputs="tf32"), sum_bound(a, "float32", dim=0)
    accelerator = SimulatedAccelerator(float64=float64)
    with accelerator:
        inside = matmul_bound(a, b, "float32", inputs="tf32"), sum_bound(a, "float32", dim=0)
        assert sum(accelerator.calls.values()) == 0
        a @ b
        assert sum(accelerator.calls.values()) == 1
    for one, other in zip(inside, outside, strict=True):
        assert one.limit.numpy().tobytes() == other.limit.numpy().tobytes()


def test_undisturbed_puts_back():
    """Flushing and modes are in force again after an exception, subnormals are kept meanwhile."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormals")
    accelerator = SimulatedAccelerator()
    try:
        with accelerator:
            with pytest.raises(KeyError), undisturbed():
                assert not flushes()
                raise KeyError
            torch.ones(2, 2) @ torch.ones(2, 2)
        assert flushes()
    finally:
        torch.set_flush_denormal(False)
    assert accelerator.calls["mm"] == 1
