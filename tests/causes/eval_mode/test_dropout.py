"""What turns dropout off, and the scaling of what it keeps."""

from fractions import Fraction

import pytest
import torch
from torch import nn

from workbook.causes.eval_mode.dropout import ASKS, EVAL, NO_GRAD, SCALE, SWITCHES, TRAIN
from workbook.experiment import run


def test_only_evaluation_mode_turns_it_off() -> None:
    """Off, and without a draw, in evaluation mode and where the function is told; nowhere else."""
    values = run(SWITCHES).finding.values
    assert {name for name, row in values.items() if row["off"]} == {EVAL, ASKS}
    assert {name for name, row in values.items() if not row["draws"]} == {EVAL, ASKS}
    assert all((row["distinct"] == 1) == row["off"] for row in values.values())


def test_a_seed_repeats_and_does_not_turn_off() -> None:
    """Seeded before each pass, training mode gives one output, and not the one without dropout."""
    result = run(SWITCHES, reseed=True)
    for name in (TRAIN, NO_GRAD):
        assert result.finding.values[name] == {"distinct": 1, "draws": True, "off": False}
    assert "repeat" in result.verdict


def test_dropout_that_is_always_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the layer dropped nothing in training, the verdict would list it."""
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x)
    assert (
        run(SWITCHES).verdict.startswith("Dropout is off under") and TRAIN in run(SWITCHES).verdict
    )


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_the_mean_is_the_kept_share_scaled(p: float) -> None:
    """In float64 the mean is the count of kept ones times 1/(1 - p), by exact fractions."""
    values = run(SCALE, p=p, dtype="float64", size=2**12).finding.values
    exact = Fraction(values["kept"], 2**12) / (1 - Fraction(p))
    assert values["scaled"] == pytest.approx(float(exact), rel=1e-14)
    assert Fraction(values["unscaled"]) == Fraction(values["kept"], 2**12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
@pytest.mark.parametrize("p", [0.1, 0.9])
def test_the_scaling_is_right_in_every_format(p: float, dtype: str) -> None:
    """The verdict holds for every format at both ends of p."""
    assert "the mean stays" in run(SCALE, p=p, dtype=dtype).verdict


def test_values_without_scaling_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that masks without scaling is not called scaled."""
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x * (torch.rand(len(x)) < 0.5))
    assert run(SCALE).verdict.startswith("Some values are neither")


def test_wrong_shares_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that scales everything and drops nothing keeps no mean."""
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x * 2)
    assert "not in the shares" in run(SCALE).verdict
