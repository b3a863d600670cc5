"""Bounds of products, held against exact fractions, NumPy and torch's own matmul."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.bounds import certain, likely, matmul_bound
from workbook.floats import round_to

FLOAT32 = st.floats(-1e10, 1e10, width=32)
FLOAT16 = st.floats(-100, 100, width=16)


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


PAIRS = st.lists(st.tuples(FLOAT32, FLOAT32), min_size=1, max_size=15)


@given(PAIRS, st.integers(0, 99))
def test_dot_any_order(pairs, seed):
    """A float32 dot product in any order is within its bound of the exact fraction."""
    a, b = zip(*pairs, strict=True)
    products = [np.float32(x) * np.float32(y) for x, y in pairs]
    computed = fold(products, random.Random(seed), lambda x, y: x + y)
    exact = sum(Fraction(x) * Fraction(y) for x, y in pairs)
    assert within(computed, exact, matmul_bound(torch.tensor(a), torch.tensor(b), "float32"))


@given(PAIRS)
def test_dot_with_fma(pairs):
    """A chain of fused multiply-adds, each rounded once from the exact value, is within too."""
    a, b = zip(*pairs, strict=True)
    computed = Fraction(0)
    for x, y in pairs:
        # 48 bits of product and 24 of sum: float64 alone would round twice.
        computed = rounded_to_float32(computed + Fraction(x) * Fraction(y))
    exact = sum(Fraction(x) * Fraction(y) for x, y in pairs)
    bound = matmul_bound(torch.tensor(a), torch.tensor(b), "float32")
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
    assert within(computed, exact, matmul_bound(a, b, "float16"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_matmul(dtype):
    """torch's own matmul is within the bound of the exact product of fractions."""
    a, b = (torch.rand(*shape, dtype=dtype).sub(0.5) for shape in ((3, 20), (20, 2)))
    computed, bound = a @ b, matmul_bound(a, b, dtype)
    for i, j in itertools.product(range(3), range(2)):
        terms = zip(a[i].tolist(), b[:, j].tolist(), strict=True)
        exact = sum(Fraction(x) * Fraction(y) for x, y in terms)
        assert abs(Fraction(float(computed[i, j])) - exact) <= Fraction(float(bound.limit[i, j]))
    assert bound.name == "depth 20 (any order) * u * |A||B|"


def test_matmul_formula():
    """The limit is ((1 + u)**n - 1) |A||B|, as NumPy computes it."""
    a, b = torch.rand(4, 5, 6).sub(0.5), torch.rand(4, 6, 3).sub(0.5)
    expected = np.abs(a.double().numpy()) @ np.abs(b.double().numpy()) * certain(6, "float32")
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
    assert "float32" not in bound.name and bound.name.endswith("16 result")


def test_matmul_result_counts_the_result():
    """Where positive and negative products cancel, rounding the result costs next to nothing."""
    a = torch.rand(4, 512).sub(0.5)
    b = torch.cat([a[:, :256].T, -a[:, :256].T]).contiguous()
    plain = matmul_bound(a, b, "float32")
    bound = matmul_bound(a, b, "float32", result="bfloat16")
    size = (a.double() @ b.double()).abs()
    last = bound.limit - plain.limit
    assert (last <= 2.0**-8 * 1.01 * (size + plain.limit) + 1e-30).all()
    assert (((a @ b).bfloat16().double() - a.double() @ b.double()).abs() <= bound.limit).all()


def test_matmul_inputs_underflow():
    """Operands that vanish when they are rounded to float16 are covered too."""
    a, b = torch.full((1, 4), 1e-8), torch.full((4, 1), 1000.0)
    computed = a.half().float() @ b
    bound = matmul_bound(a, b, "float32", inputs="float16")
    assert computed.item() == 0.0
    assert abs((a.double() @ b.double()).item()) <= bound.limit.item()


def test_matmul_inputs_formula():
    """With tf32 inputs the leading terms are 2 u_in and n u."""
    a, b = torch.full((1, 100), 0.3), torch.full((100, 1), 0.7)
    bound = matmul_bound(a, b, "float32", inputs="tf32")
    u, n = Fraction(2) ** -11, 100 * Fraction(2) ** -24
    scale = 100 * Fraction(a[0, 0].item()) * Fraction(b[0, 0].item())
    expected = ((1 + u) ** 2 * (1 + n) - 1) * scale
    assert bound.limit.item() == pytest.approx(float(expected), rel=1e-6)


def test_likely_limit():
    """The likely limit is lambda sqrt(n) u |A||B|; measured errors stay within it."""
    a, b = torch.rand(16, 2000).sub(0.5), torch.rand(2000, 16).sub(0.5)
    bound = matmul_bound(a, b, "float32")
    relative = likely(2000, "float32", results=256)
    scale = a.double().abs() @ b.double().abs()
    np.testing.assert_allclose(bound.probable, relative * scale, rtol=1e-9)
    assert (bound.probable < bound.limit / 5).all()
    assert ((a @ b).double() - a.double() @ b.double()).abs().le(bound.probable).all()


def test_likely_limit_of_rounded_inputs():
    """For inputs rounded to nearest it is far below the certain limit, and errors stay within."""
    a, b = torch.rand(16, 4096), torch.rand(4096, 16)
    computed = round_to(a, "tf32") @ round_to(b, "tf32")
    bound = matmul_bound(a, b, "float32", inputs="tf32")
    error = (computed.double() - a.double() @ b.double()).abs()
    assert (error <= bound.probable).all()
    assert (bound.probable < bound.limit / 4).all()


def test_tensor_cores():
    """Truncation pulls one way: twice the roundoff, and no likely limit."""
    a, b = torch.rand(8, 1024), torch.rand(1024, 8)
    plain = matmul_bound(a, b, "float32", inputs="tf32")
    cut = matmul_bound(a, b, "float32", inputs="tf32", tensor_cores=True)
    assert cut.likely is None
    np.testing.assert_allclose(cut.limit / plain.limit, 2.0, rtol=1e-2)
    kept = (one.view(torch.int32) & -(1 << 13) for one in (a, b))
    left, right = (one.view(torch.float32) for one in kept)  # the upper 10 bits of the fraction
    error = ((left @ right).double() - a.double() @ b.double()).abs()
    assert (error <= cut.limit).all()
    assert (error > plain.probable).all()


def test_whole_numbers_round_nothing():
    """One-hot rows, counts and small whole numbers multiply and add up exactly."""
    a = torch.nn.functional.one_hot(torch.arange(9) % 4, 4).float()
    assert matmul_bound(a, torch.arange(8.0).view(4, 2), "float32").greatest == 0.0
    assert matmul_bound(a, torch.full((4, 2), 257.0), "float32", result="bfloat16").greatest > 0
    assert matmul_bound(a, torch.full((4, 2), 257.0), "float32", inputs="bfloat16").greatest > 0
    assert matmul_bound(a, torch.rand(4, 2), "float32").greatest == 0.0  # one number each
    assert matmul_bound(a + 0.1, torch.rand(4, 2), "float32").greatest > 0


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (2,)), ((), (2,))])
def test_shapes_that_do_not_fit(shapes):
    """Operands without one inner length are refused in a sentence."""
    with pytest.raises(ValueError, match="a @ b needs one inner length, got shapes"):
        matmul_bound(torch.rand(shapes[0]), torch.rand(shapes[1]), "float32")


def test_matmul_length_zero():
    """An inner dimension of 0 leaves zeros, which are exact."""
    assert matmul_bound(torch.empty(2, 0), torch.empty(0, 3), "float32").greatest == 0.0
