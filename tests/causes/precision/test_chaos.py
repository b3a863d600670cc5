"""Chaos: the logistic map and the recurrent network."""

import math

import numpy as np
import pytest
import torch

from workbook.causes.precision.logistic_map import LOGISTIC_MAP, START, orbit
from workbook.causes.precision.recurrent import (
    CHANGES,
    NUDGE,
    NUDGE_DOUBLE,
    RECURRENT,
    nudged,
)
from workbook.experiment import run


def test_the_float32_orbit_is_numpys_bit_for_bit() -> None:
    """Products and differences are rounded alike in NumPy and torch."""
    one, r = np.float32(1), np.float32(3.9)
    x, expected = np.float32(START), [float(np.float32(START))]
    for _ in range(60):
        x = r * x * (one - x)
        expected.append(float(x))
    assert orbit(3.9, 60, torch.float32) == expected


def test_the_float64_orbit_is_pythons_bit_for_bit() -> None:
    """Python's floats follow the same orbit."""
    r, x = float(np.float32(3.9)), float(np.float32(START))
    expected = [x]
    for _ in range(60):
        x = r * x * (1 - x)
        expected.append(x)
    assert orbit(3.9, 60, torch.float64) == expected


@pytest.mark.parametrize(("r", "word"), [(2.8, "stay together"), (3.9, "part completely")])
def test_r_decides(r: float, word: str) -> None:
    """At 2.8 the formats stay together and at 3.9 they part."""
    assert word in run(LOGISTIC_MAP, r=r, steps=120).verdict


def test_too_few_steps_are_not_called_stable() -> None:
    """Twenty steps are too few to part, and the verdict says that the gap grows."""
    assert "still together, but" in run(LOGISTIC_MAP, steps=20).verdict


def test_an_error_doubles_each_step_at_four() -> None:
    """At r = 4 the mean growth is near 2, the map's known Lyapunov exponent of log 2."""
    growth = run(LOGISTIC_MAP, r=4.0, steps=120).finding.values["growth"]
    assert growth == pytest.approx(2, rel=0.1)


def test_agreement_in_every_bit_is_said() -> None:
    """A map that lands on exact numbers leaves nothing to differ."""
    from workbook.causes.precision import logistic_map

    assert logistic_map._verdict(0.0, 1.0).endswith("agree in every bit.")


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
