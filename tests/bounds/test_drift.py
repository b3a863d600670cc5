"""Drift of a running total, held against loops and whole-number arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from workbook.bounds import sum_bound
from workbook.bounds.drift import drift


def loop_error(x):
    """Give how far a loop over float32 ends from the exact sum, by NumPy."""
    return abs(float(np.add.accumulate(x.numpy())[-1]) - float(x.double().sum()))


def test_by_hand():
    """Ten terms of 0.3: what float32 rounds off each, in four of its spacings below 4."""
    x = torch.full((10,), 0.3, dtype=torch.float64)
    top = Fraction(1, 2**24) * 4  # the total ends below 4, where float32 has this spacing
    steps = [top / 2**k for k in range(4)]
    rounded = [abs(10 * (round(Fraction(0.3) / s) * s - Fraction(0.3))) for s in steps]
    assert float(drift(x, (0,), x.sum(), "float32")) == pytest.approx(float(max(rounded)), rel=1e-6)


@pytest.mark.parametrize("size", [3000, 30_000])
@pytest.mark.parametrize("kind", ["equal", "two in turn", "growing", "few"])
def test_patterns_are_likely(kind, size):
    """Loops over terms with a pattern stay within the likely limit, for five seeds."""
    for number in range(5):
        seed = torch.Generator().manual_seed(number)
        few = torch.rand(4, generator=seed)
        x = {
            "equal": few[:1].repeat(size),
            "two in turn": few[:2].repeat(size // 2),
            "growing": torch.rand(size, generator=seed) * 2.0 ** -torch.arange(size).remainder(25),
            "few": few[torch.randint(4, (size,), generator=seed)],
        }[kind]
        assert loop_error(x) <= sum_bound(x, "float32", depth="any").probable


def test_without_drift_patterns_go_too_far():
    """The chance of roundings by itself does not cover equal terms: the drift is needed."""
    x = torch.full((300_000,), 0.1)
    likely = sum_bound(x, "float32", depth="any").probable
    chance = likely - drift(x.double(), (0,), x.double().sum(), "float32")
    assert 10 * chance < loop_error(x) <= likely


def test_no_pattern_no_drift():
    """Uniform numbers drift less than a fifth of what chance may do."""
    x = torch.rand(100_000)
    bound = sum_bound(x, "float32", depth="any")
    assert drift(x.double(), (0,), x.double().sum(), "float32") < bound.probable / 6


def test_each_sum_by_its_own_terms():
    """Over a dimension each sum has the drift of its own terms."""
    x = torch.stack([torch.full((5000,), 0.1), torch.rand(5000), torch.full((5000,), 0.7)])
    together = sum_bound(x, "float32", 1, depth="any").probable
    for row, limit in zip(x, together, strict=True):
        alone = sum_bound(row, "float32", depth="any").probable
        assert float(alone) == pytest.approx(
            float(limit), rel=0.05
        )  # three results, a wider chance
