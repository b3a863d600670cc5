"""The bounds of sums at work: losses are noticed, and honest other orders are not called wrong."""

import pytest

from benchmarks import bench_bounds

pytestmark = pytest.mark.uncounted


def test_losses_are_noticed():
    """A few of many elements missing is neither rounding nor identical, for any of the seeds."""
    words = bench_bounds.losses(seeds=3)
    assert set(words) <= {"doubtful", "wrong"} and words["wrong"] >= 11


def test_honest_pairs_are_not_wrong():
    """Other orders, layouts and threads, and loops, are neither wrong nor doubtful."""
    words = bench_bounds.honest(scale=0.01, capabilities=())
    assert words["rounding"] + words["identical"] > 200
    assert set(words) == {"identical", "rounding"}


def test_an_honest_pair_can_be_called_wrong(monkeypatch):
    """With bounds for one addition, the same pairs are called wrong: the check can fail."""
    bound = bench_bounds.sum_bound
    monkeypatch.setattr(
        bench_bounds, "sum_bound", lambda x, fmt, dim=None, depth=1: bound(x, fmt, dim, depth=1)
    )
    assert bench_bounds.honest(scale=0.01, capabilities=())["wrong"] > 10
