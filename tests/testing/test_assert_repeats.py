"""assert_repeats: the first run's bits, again and again, and what that proves."""

import random
import unittest

import numpy as np
import pytest
import torch

from workbook.testing import assert_repeats


@pytest.mark.parametrize("runs, most", [(59, "5.0%"), (299, "1.0%"), (5, "45.1%")])
def test_what_equal_runs_prove(runs, most):
    """59 equal runs: fewer than 5 % of runs differ, with 95 % confidence; the power p = 0.05."""
    assert f"with 95 % confidence fewer than {most} of runs" in assert_repeats(lambda: 1, runs=runs)
    assert (1 - float(most.rstrip("%")) / 100) ** runs == pytest.approx(0.05, rel=0.04)


def test_runs_are_counted():
    """The function runs once, and then as often as was asked."""
    runs = []
    assert_repeats(lambda: runs.append(0), runs=7)
    assert len(runs) == 8


def test_first_difference_fails():
    """The run that differs is named, and how."""
    numbers = iter([1.0, 1.0, 1.0, 1.5, 1.0])
    with pytest.raises(AssertionError, match=r"Run 3 of 4 is not the first: .* difference: 0.5"):
        assert_repeats(lambda: torch.tensor([next(numbers), 2.0]), runs=4)


@pytest.mark.parametrize(
    "results, message",
    [
        ([(torch.ones(2), 1), (torch.ones(2), 2)], "in part 2 of 2: 2 instead of 1"),
        ([{"a": 0.0}, {"a": -0.0}], r"-0.0 instead of 0.0"),
        ([torch.zeros(1), -torch.zeros(1)], "mismatched elements: 1 / 1"),
        ([np.ones(2), np.zeros(2)], "mismatched elements: 2 / 2"),
        ([torch.ones(2), torch.ones(3)], r"shape \(3,\) instead of torch.float32 and \(2,\)"),
        ([[1], [1, 2]], "Run 1 of 1 returned"),
        (["a", "b"], "'b' instead of 'a'"),
    ],
)
def test_what_is_compared(results, message):
    """Tensors, arrays, numbers and strings, in any nesting, are compared in every bit."""
    waiting = iter(results)
    with pytest.raises(AssertionError, match=message):
        assert_repeats(lambda: next(waiting), runs=1)


def test_what_is_equal():
    """NaN repeats NaN."""
    assert assert_repeats(lambda: (float("nan"), torch.tensor([float("nan")]), "x", None), runs=3)


def test_memory_that_is_written_again():
    """A function that returns the same tensor, changed, is caught."""
    kept = torch.zeros(2)
    with pytest.raises(AssertionError, match="Run 1 of 59"):
        assert_repeats(lambda: kept.add_(1))


def test_draws():
    """Unseeded draws do not repeat, seeded ones do."""
    with pytest.raises(AssertionError, match="Run 1 of 59 is not the first"):
        assert_repeats(lambda: torch.rand(3))
    assert_repeats(lambda: torch.rand(3, generator=torch.Generator().manual_seed(0)))
    with pytest.raises(AssertionError):
        assert_repeats(random.random)


@pytest.mark.parametrize("runs", [0, -1, True, 1.5])
def test_bad_runs(runs):
    """A number of runs is a whole number."""
    with pytest.raises(ValueError, match="runs must be a whole number from 1, got"):
        assert_repeats(lambda: 1, runs=runs)


class UnderUnittest(unittest.TestCase):
    """The same under unittest."""

    def test_fails(self):
        """A failed assertion is unittest's own failure."""
        with self.assertRaises(self.failureException):
            assert_repeats(lambda: torch.rand(2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_cuda():
    """Tensors of a GPU are compared there."""
    x = torch.rand(1000).cuda()
    assert assert_repeats(lambda: x.sum())
