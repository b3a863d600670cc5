"""What activations do to the rounding error of their input."""

import pytest
import torch

from workbook.causes.precision import activation_error
from workbook.causes.precision.activation_error import ACTIVATION_ERROR, ACTIVATIONS, SLOPES
from workbook.experiment import run

DTYPES = ("float32", "bfloat16", "float16")


@pytest.mark.parametrize("dtype", DTYPES)
def test_relu_and_rounding_change_places(dtype: str) -> None:
    """ReLU before or after rounding gives the same bits, and enlarges nothing."""
    result = run(ACTIVATION_ERROR, dtype=dtype)
    assert result.finding.comparisons[0].identical
    assert result.finding.values["factor"] == 1
    assert result.verdict.startswith("ReLU and rounding can change places in every bit")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_difference_is_within_its_bound(name: str, dtype: str) -> None:
    """No activation's difference is more than its derived bound."""
    assert run(ACTIVATION_ERROR, activation=name, dtype=dtype).finding.comparisons[0].verdict in (
        "identical", "rounding",
    )  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_steepest_slope_is_autograds(name: str) -> None:
    """The stated slope is at least autograd's steepest over -4 to 4, and at most 1 % above it."""
    x = torch.linspace(-4, 4, 80_001, dtype=torch.float64, requires_grad=True)
    ACTIVATIONS[name](x).sum().backward()
    assert x.grad is not None
    steepest = float(x.grad.abs().max())
    assert steepest <= SLOPES[name] <= 1.01 * steepest


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_error_grows_beyond_the_slope(name: str) -> None:
    """An error leaves an activation at most its steepest slope times as large."""
    factor = run(ACTIVATION_ERROR, activation=name).finding.values["factor"]
    assert factor <= SLOPES[name] * (1 + 1e-6)


def test_tanh_and_steep_tanh_get_their_own_sentence() -> None:
    """A slope up to 1 enlarges no error, a steeper one does."""
    assert "enlarges no error" in run(ACTIVATION_ERROR, activation="tanh").verdict
    assert "slope is above 1" in run(ACTIVATION_ERROR, activation="steep tanh").verdict


def test_a_relu_that_is_not_exact_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ReLU that rounds on its own is not said to change places with rounding."""
    monkeypatch.setitem(activation_error.ACTIVATIONS, "ReLU", lambda x: torch.relu(x) / 3)
    assert "rounds a result of its own" in run(ACTIVATION_ERROR).verdict
