"""assert_rounding: passes where rounding explains a difference, and says what it would not see."""

import math
import unittest

import numpy as np
import pytest
import torch

from workbook.testing import assert_rounding


def chain(x):
    """Add one after another, by NumPy."""
    return torch.tensor(np.add.accumulate(x.numpy())[-1])


def test_sum():
    """Two orders of torch's own sum pass, and what could hide is less than an element."""
    x = torch.rand(10_000)
    words = assert_rounding(x.sum(), x.sort().values.sum(), op="sum", terms=x)
    assert words.endswith("but not the loss of one element of mean size")


@pytest.mark.parametrize("missing, of", [(1, 1000), (3, 10_000), (5, 100_000), (25, 1_000_000)])
def test_missing_elements(missing, of):
    """A sum without a few of its elements fails."""
    x = torch.rand(of)
    with pytest.raises(AssertionError, match=r"Wrong: .* times the limit .*depth"):
        assert_rounding(x[missing:].sum(), x.sum(), op="sum", terms=x)


def test_a_loop_needs_its_depth():
    """A loop over equal terms is beyond torch's depth; in any order it is rounding."""
    x = torch.full((10_000,), 0.1)
    with pytest.raises(AssertionError, match="Wrong"):
        assert_rounding(chain(x), x.sum(), op="sum", terms=x)
    for y in (x, torch.rand(10_000)):
        words = assert_rounding(chain(y), y.sum(), op="sum", terms=y, depth="any")
        assert "such as the loss of" in words


def test_doubtful_fails():
    """Terms that are sorted by how they will be rounded go further than is likely: that fails."""
    step = 2.0**-14  # the spacing of float32 from 512 on, where the total ends
    x = (1638 + torch.tensor([-0.375, 0.375]).repeat_interleave(5000)) * step
    with pytest.raises(AssertionError, match=r"Doubtful: .* compute it again in float64"):
        assert_rounding(chain(x), x.sum(), op="sum", terms=x, depth="any")


def test_truth():
    """Against a float64 truth half as much can hide."""
    x = torch.rand(1000)
    one = assert_rounding(x.sum(), x.double().sum(), op="sum", terms=x)
    two = assert_rounding(x.sum(), x.sum(), op="sum", terms=x)
    first, second = (float(words.split()[3]) for words in (one, two))
    assert 0.45 < first / second < 0.75


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_every_format(dtype):
    """Sums, means and products of each format pass against float64, over dimensions too."""
    x, w = torch.rand(20, 300).to(dtype), torch.rand(7, 300).to(dtype)
    bias = torch.rand(7).to(dtype)
    assert_rounding(x.sum(0), x.double().sum(0).to(dtype), op="sum", terms=x, dim=0)
    assert_rounding(x.mean(1), x.double().mean(1).to(dtype), op="mean", terms=x, dim=1)
    assert_rounding(x @ w.T, (x.double() @ w.double().T).to(dtype), op="matmul", terms=(x, w.T))
    linear = torch.nn.functional.linear
    exact = linear(x.double(), w.double(), bias.double()).to(dtype)
    assert_rounding(linear(x, w, bias), exact, op="linear", terms=(x, w, bias))
    assert_rounding(linear(x, w), (x.double() @ w.double().T).to(dtype), op="linear", terms=(x, w))
    dot = torch.dot(x[0].double(), w[0].double()).to(dtype)
    assert_rounding(torch.dot(x[0], w[0]), dot, op="dot", terms=(x[0], w[0]))


def test_faults_of_the_same_size_fail():
    """n - 1 for n in a mean, a product left out, a bias left out: each is wrong."""
    x, w, bias = torch.rand(20, 300), torch.rand(7, 300), torch.rand(7) + 0.1
    linear = torch.nn.functional.linear
    for actual, expected, op, terms in (
        (x[0].sum() / 299, x[0].mean(), "mean", x[0]),
        (x[:, 1:] @ w[:, 1:].T, x @ w.T, "matmul", (x, w.T)),
        (linear(x, w), linear(x, w, bias), "linear", (x, w, bias)),
    ):
        with pytest.raises(AssertionError, match="Wrong"):
            assert_rounding(actual, expected, op=op, terms=terms)


def test_counts():
    """In counts not one may be missing, of a million."""
    x = torch.ones(1_000_000)
    assert assert_rounding(x.sum(), x.view(1000, 1000).sum(0).sum(), op="sum", terms=x)
    with pytest.raises(AssertionError, match="allow no difference"):
        assert_rounding(x[1:].sum(), x.sum(), op="sum", terms=x)


def test_range():
    """An overflow fails, and is named."""
    x = torch.full((100,), 1000.0, dtype=torch.float16)
    with pytest.raises(AssertionError, match=r"Left the range of float16 \(65504\)"):
        assert_rounding(x.sum(), x[:9].sum(), op="sum", terms=x)


def test_notice():
    """A check that could not see the fault it is for fails, and says what to do."""
    x = torch.rand(100_000)
    assert assert_rounding(x.sum(), x.sum(), op="sum", terms=x, notice=1.0)
    with pytest.raises(AssertionError, match="would not notice a fault of 1: a fault below"):
        assert_rounding(x.sum(), x.sum(), op="sum", terms=x, depth="any", notice=1.0)


def test_rounded_inputs():
    """A product of rounded operands passes with their format, and fails without."""
    a, b = torch.rand(8, 64), torch.rand(64, 8)
    short = a.bfloat16().float() @ b.bfloat16().float()
    assert assert_rounding(short, a @ b, op="matmul", terms=(a, b), inputs="bfloat16")
    assert assert_rounding(
        short, a @ b, op="matmul", terms=(a, b), inputs="bfloat16", tensor_cores=True
    )
    with pytest.raises(AssertionError, match="Wrong"):
        assert_rounding(short, a @ b, op="matmul", terms=(a, b))


def test_empty():
    """Nothing, summed, is nothing."""
    x = torch.empty(0)
    assert assert_rounding(x.sum(), x.sum(), op="sum", terms=x) == "nothing could hide here"


X, S = torch.rand(4, 5), torch.rand(4)
BAD = [
    (S, S, {"op": "median", "terms": X}, "op must be one of sum, mean, matmul, dot, linear, got"),
    (S, S, {"op": "sum", "terms": (X, X)}, "terms of a sum must be one tensor, got tuple"),
    (S, S, {"op": "sum", "terms": X}, r"make a sum of shape \(\), got one of \(4,\)"),
    (S, S, {"op": "sum", "terms": X, "dim": 2}, "dim must be from -2 to 1, got 2"),
    (S, S, {"op": "sum", "terms": X, "dim": 1, "depth": 0}, "depth must be a whole number from 1"),
    (S, S, {"op": "sum", "terms": X, "dim": 1, "inputs": "tf32"}, "are for products, got op='sum'"),
    (S, S, {"op": "matmul", "terms": X}, r"terms of a matmul must be \(a, b\), got one tensor"),
    (S, S, {"op": "matmul", "terms": (X,)}, r"must be \(a, b\), got 1 terms"),
    (S, S, {"op": "matmul", "terms": (X, X)}, "needs one inner length, got shapes"),
    (S, S, {"op": "matmul", "terms": (X, X.T), "dim": 1}, "dim and depth are for sums"),
    (S, S, {"op": "dot", "terms": (X[0], S)}, "two vectors of one length, got"),
    (S, S, {"op": "linear", "terms": (X, X.T)}, "x and weight must end in one length"),
    (S, S, {"op": "linear", "terms": (X, X, X[0])}, r"bias must have shape \(4,\), got \(5,\)"),
    (S, S, {"op": "sum", "terms": X / 0, "dim": 1}, "finite, got 20 of 20 that are NaN or infin"),
    (S, S, {"op": "sum", "terms": X + 0j, "dim": 1}, "needs real numbers, got torch.complex64"),
    (S, S, {"op": "sum", "terms": X.to_sparse(), "dim": 1}, "a dense tensor, got a sparse_coo one"),
    (S, S, {"op": "sum", "terms": [1.0], "dim": 1}, "must be one tensor, got list"),
    (S.long(), S.long(), {"op": "sum", "terms": X, "dim": 1}, "whole numbers add up exactly"),
    (S + 0j, S + 0j, {"op": "sum", "terms": X, "dim": 1}, "real numbers, got torch.complex64"),
    (S.to_sparse(), S, {"op": "sum", "terms": X, "dim": 1}, "a dense tensor, got a sparse_coo one"),
    (S, S.half(), {"op": "sum", "terms": X, "dim": 1}, "both dtypes must be the same"),
    (S, S[:2], {"op": "sum", "terms": X, "dim": 1}, "both shapes must be the same"),
    ([1.0], S, {"op": "sum", "terms": X}, "actual must be a torch.Tensor, got list"),
    (S, 1.0, {"op": "sum", "terms": X, "dim": 1}, "expected must be a torch.Tensor, got float"),
]


@pytest.mark.parametrize("actual, expected, options, message", BAD)
def test_bad_input(actual, expected, options, message):
    """What does not fit is refused in one sentence, and is no failed assertion."""
    with pytest.raises((ValueError, TypeError), match=message) as raised:
        assert_rounding(actual, expected, **options)
    assert "\n" not in str(raised.value)


def test_float8():
    """float8 terms are numbers; a float8 result is judged by its coarse format."""
    x = torch.rand(10).to(torch.float8_e5m2)
    computed = x.float().sum().to(torch.float8_e5m2)
    words = assert_rounding(computed, x.double().sum(), op="sum", terms=x)
    assert "such as the loss of" in words


class UnderUnittest(unittest.TestCase):
    """The same under unittest."""

    def test_passes_and_fails(self):
        """A failed assertion is unittest's own failure, not an error."""
        x = torch.rand(1000)
        assert_rounding(x.sum(), x.double().sum(), op="sum", terms=x)
        with self.assertRaises(self.failureException):
            assert_rounding(x[1:].sum(), x.sum(), op="sum", terms=x)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_cuda():
    """On a GPU a sum is bounded in any order, or by the depth that the probe measures there."""
    from workbook.bounds import measured_depth

    x = torch.rand(1000).cuda()
    assert_rounding(x.sum(), x.double().sum(), op="sum", terms=x)
    depth = measured_depth(torch.sum, 1000, device="cuda", leaves=range(0, 1000, 100))
    assert_rounding(x.sum(), x.double().sum(), op="sum", terms=x, depth=depth)
    with pytest.raises(AssertionError, match="Wrong"):
        assert_rounding(x[1:].sum(), x.sum(), op="sum", terms=x, depth=depth)
    a, b = torch.rand(64, 256).cuda(), torch.rand(256, 64).cuda()
    assert_rounding(a @ b, a.double() @ b.double(), op="matmul", terms=(a, b))
    assert math.isfinite(float(x.sum()))
