"""Chaos: the recurrent network."""

import math

import numpy as np
import pytest
import torch

from workbook.causes.precision.recurrent import (
    CHANGES,
    NUDGE,
    NUDGE_DOUBLE,
    RECURRENT,
    nudged,
)
from workbook.experiment import run


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_nudge_is_one_ulp_of_the_largest_entry(dtype: torch.dtype) -> None:
    """Only the largest entry moves, to math.nextafter's or NumPy's next value away from zero."""
    state = torch.tensor([0.5, -0.75, 0.25], dtype=dtype)
    moved = nudged(state)
    expected = np.nextafter(state.numpy()[1], np.array(-math.inf, dtype=state.numpy().dtype))
    assert moved[1].item() == expected.item()
    assert torch.equal(moved[[0, 2]], state[[0, 2]])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_a_small_gain_forgets(gain: float, seed: int, change: str) -> None:
    """Up to gain 0.9 no change is amplified or can be seen."""
    result = run(RECURRENT, gain=gain, seed=seed, change=change)
    assert "does not amplify" in result.verdict
    assert result.finding.values["largest"] < 1e-4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gain", [2.0, 3.0])
def test_a_large_gain_amplifies(gain: float, seed: int) -> None:
    """From gain 2 on, one ULP takes over the whole state."""
    assert "nothing in common" in run(RECURRENT, gain=gain, seed=seed).verdict


def test_float64_delays_and_does_not_prevent() -> None:
    """In float64 one ULP takes longer to grow, and grows as far."""
    single = run(RECURRENT, change=NUDGE, steps=300).finding.values
    double = run(RECURRENT, change=NUDGE_DOUBLE, steps=300).finding.values
    assert single["parted"] < double["parted"]
    assert double["largest"] > 0.1


def test_too_few_steps_are_not_called_forgetting() -> None:
    """In float64 fifty steps are too few to part at gain 2, and the verdict says that it grows."""
    verdict = run(RECURRENT, change=NUDGE_DOUBLE, steps=50).verdict
    assert verdict == "One ULP grows, but in these steps not so far that the states part."
