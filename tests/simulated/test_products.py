"""Matrix products in tiles, against loops over NumPy's float32 scalars and exact fractions."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from workbook.simulated import ORDERS, Reduction
from workbook.simulated.products import fused_multiply_add, matmul
from workbook.simulated.reduction import arrange

MODEST = st.floats(-(2.0**50), 2.0**50, width=32)


def matrix(*shape, seed=0):
    """Float32 numbers on both sides of zero, the same on every CPU."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


def nearest_float32(exact):
    """Round a fraction to float32 by comparing it with three neighbors, ties to even."""
    middle = np.float32(float(exact))
    candidates = [np.nextafter(middle, np.float32(to)) for to in (-np.inf, np.inf)] + [middle]
    far = [abs(Fraction(float(candidate)) - exact) for candidate in candidates]
    closest = [c for c, distance in zip(candidates, far, strict=True) if distance == min(far)]
    return min(closest, key=lambda c: int(c.view(np.int32)) & 1)


def looped_fma(a, b, c):
    """One rounding of the exact a * b + c."""
    return nearest_float32(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def looped_dot(a, b, how):
    """A dot product written out: tiles from left to right, then the tiles in their order."""
    parts = []
    for start in range(0, len(a), how.tile):
        part = a[start] * b[start]
        for k in range(start + 1, min(start + how.tile, len(a))):
            part = looped_fma(a[k], b[k], part) if how.fma else part + a[k] * b[k]
        parts.append(part)
    if how.order == "pairwise":
        while len(parts) > 1:
            tail = parts[len(parts) // 2 * 2 :]
            parts = [x + y for x, y in zip(parts[::2], parts[1::2], strict=False)] + tail
        return parts[0]
    places = arrange(torch.arange(len(parts)), how.order).tolist()
    result = parts[places[0]]
    for place in places[1:]:
        result = result + parts[place]
    return result


@pytest.mark.parametrize("fma", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("tile", [1, 3, 8, 100])
def test_a_product_is_that_of_the_loop(tile, order, fma):
    """Every element of a batched product has the bits of the loop, also with a short last tile."""
    a, b = matrix(2, 3, 29), matrix(2, 29, 2, seed=1)
    how = Reduction(tile=tile, order=order, fma=fma)
    ours = matmul(a, b, how).numpy().view(np.int32)
    for batch, row, column in np.ndindex(ours.shape):
        expected = looped_dot(a[batch, row].numpy(), b[batch, :, column].numpy(), how)
        assert ours[batch, row, column] == expected.view(np.int32)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(1, 300, 40, 500), (70, 40, 33, 40), (1, 1, 5000, 3)])
def test_blocks_change_nothing(order, shape):
    """A product too large for one block has the bits of its parts, computed alone."""
    batch, rows, length, columns = shape
    a, b = matrix(batch, rows, length), matrix(batch, length, columns, seed=1)
    how = Reduction(tile=4, order=order)
    last = matmul(a[-1:, -1:], b[-1:, :, -1:], how)
    assert matmul(a, b, how)[-1, -1, -1].view(torch.int32) == last.view(torch.int32)


def test_transposed_operands_give_the_same_bits():
    """The layout in memory decides nothing."""
    a, b, how = matrix(1, 9, 20), matrix(1, 20, 9, seed=1), Reduction(tile=4)
    strided = matmul(a.mT.contiguous().mT, b.mT.contiguous().mT, how)
    assert torch.equal(strided.view(torch.int32), matmul(a, b, how).view(torch.int32))


def test_orders_of_addition_differ():
    """The same product in two orders is not the same in every bit: that is the purpose."""
    a, b = matrix(1, 16, 256), matrix(1, 256, 16, seed=1)
    results = [matmul(a, b, Reduction(tile=8, order=order)) for order in ORDERS]
    for first, second in combinations(results, 2):
        assert not torch.equal(first, second)
    exact = a.double() @ b.double()
    # Higham, Accuracy and Stability of Numerical Algorithms, 3.5: |error| <= gamma_n |a| |b|
    bound = 256 * 2.0**-24 / (1 - 256 * 2.0**-24) * (a.double().abs() @ b.double().abs())
    assert all(((result.double() - exact).abs() <= bound).all() for result in results)


def test_nothing_to_multiply_gives_zeros():
    """An inner length of 0 gives zeros, an outer length of 0 gives nothing, as torch does."""
    how = Reduction()
    assert matmul(torch.rand(2, 3, 0), torch.rand(2, 0, 4), how).tolist() == [[[0.0] * 4] * 3] * 2
    assert matmul(torch.rand(1, 0, 5), torch.rand(1, 5, 4), how).shape == (1, 0, 4)


def test_a_sum_of_negative_zeros_keeps_its_sign():
    """The filling of a short last tile does not turn -0.0 into 0.0."""
    product = matmul(torch.full((1, 1, 3), -0.0), torch.ones(1, 3, 1), Reduction(tile=2))
    assert product.view(torch.int32).item() == np.float32(-0.0).view(np.int32)


@given(a=MODEST, b=MODEST, c=MODEST)
@example(a=1 + 2.0**-15, b=1 - 2.0**-15, c=2.0**24 + 2)  # a hair below a tie
@example(a=-1 - 2.0**-15, b=1 - 2.0**-15, c=2.0**24 + 6)  # a hair above a tie
@example(a=2.0**-75, b=3 * 2.0**-76, c=2.0**-148)  # among the subnormal numbers
@example(a=1 + 2.0**-23, b=1 + 2.0**-23, c=-1.0)
def test_fma_rounds_once(a, b, c):
    """A fused multiply-add is the float32 nearest to the exact value, ties to even."""
    ours = fused_multiply_add(torch.tensor([a]), torch.tensor([b]), torch.tensor([c]))
    assert ours.item() == float(looped_fma(a, b, c))


def test_fma_by_way_of_float64_alone_would_round_twice():
    """A case where float64 lands on a tie of float32 that the exact value just misses."""
    a, b, c = (torch.tensor([v]) for v in (1 + 2.0**-15, 1 - 2.0**-15, 2.0**24 + 2))
    twice = (a.double() * b.double() + c.double()).float()
    assert (twice.item(), fused_multiply_add(a, b, c).item()) == (2.0**24 + 4, 2.0**24 + 2)


def test_fma_hands_on_infinity_and_nan():
    """Infinity, overflow and NaN come out as IEEE says."""
    inf, nan = float("inf"), float("nan")
    a = torch.tensor([inf, inf, 3e38, nan, 0.0])
    b = torch.tensor([1.0, 1.0, 3e38, 1.0, inf])
    c = torch.tensor([1.0, -inf, 0.0, 1.0, 1.0])
    result = fused_multiply_add(a, b, c)
    assert result[[0, 2]].tolist() == [inf, inf]
    assert result[[1, 3, 4]].isnan().all()
