"""Where a NaN goes: operations against NumPy, guards, layers and steps."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from workbook.causes.why_nan import GUARDED, TRAVEL, guards, layers, steps, travel
from workbook.experiment import run


@pytest.mark.parametrize(
    ("name", "numpy"),
    [
        ("x.sum()", np.sum),
        ("x.max()", np.max),
        ("x.clamp(0, 1)", lambda x: np.clip(x, 0, 1)),
        ("(x > 1).any()", lambda x: np.any(x > 1)),
        ("x.argmax()", np.argmax),
        ("x.fmax(0)", lambda x: np.fmax(x, 0)),
        ("x.nansum()", np.nansum),
        ("x.nan_to_num()", np.nan_to_num),
    ],
)
def test_an_operation_does_as_numpy_does(name: str, numpy) -> None:
    """A NaN is handed on or hidden as by NumPy's function of that meaning."""
    x = np.arange(1, travel.COUNT + 1) / 16
    x[travel.PLACE] = np.nan
    hidden = bool(np.isfinite(numpy(x)).all())
    assert run(TRAVEL).finding.values[name] == (travel.HIDDEN if hidden else travel.ON)


def test_infinity_is_hidden_by_other_operations() -> None:
    """A clamp hides an infinity and hands a NaN on."""
    values = run(TRAVEL, put_in=travel.INF).finding.values
    assert values["x.clamp(0, 1)"] == travel.HIDDEN
    assert "of them arithmetic" in run(TRAVEL, put_in=travel.INF).verdict


def test_layers_spread_by_rows_or_to_all() -> None:
    """Linear, LayerNorm and softmax keep a NaN in its row; BatchNorm and attention do not."""
    values = run(TRAVEL, through=travel.LAYERS).finding.values
    one = 1 / layers.ROWS
    assert [values[n] for n in (layers.LINEAR, layers.LAYER_NORM, layers.SOFTMAX)] == [one] * 3
    assert [values[n] for n in (layers.BATCH_NORM, layers.LATER, layers.ATTENTION)] == [1] * 3
    assert (values[layers.CLIPPED], values[layers.HEALED]) == (1, 1)
    assert 0 < values[layers.GRADIENT] < 1


def test_batch_norm_is_named_where_it_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """If BatchNorm mixed nothing, the verdict would name attention only."""
    monkeypatch.setattr(nn.BatchNorm1d, "forward", lambda self, x: x)
    verdict = run(TRAVEL, through=travel.LAYERS).verdict
    assert layers.ATTENTION in verdict and "BatchNorm" not in verdict


def test_safe_guards() -> None:
    """The gradient of sqrt is as math gives it only where sqrt never sees a forbidden x."""
    values = run(GUARDED).finding.values
    assert math.isnan(values[guards.WHERE]["gradient at 0"])
    assert values[guards.CLEANED]["gradient at 0"] == math.inf
    for name in (guards.TAKEN, guards.TWICE):
        assert values[name]["value"] == values[name]["gradient"] == guards.RIGHT


@pytest.mark.parametrize("function", list(guards.FUNCTIONS))
def test_taking_the_inside_works_for_every_function(function: str) -> None:
    """Masking and the double where are safe whatever the function."""
    values = run(GUARDED, function=function).finding.values
    assert values[guards.TAKEN]["gradient"] == values[guards.TWICE]["gradient"] == guards.RIGHT


def test_adam_divides_by_an_eps_that_is_zero() -> None:
    """NumPy's float16 makes 1e-8 a 0, so a gradient of 0 gives 0/0; bfloat16 holds it."""
    assert np.float16(1e-8) == 0
    assert math.isnan(steps.adam_in_half(0.0))
    assert steps.adam_in_half(1e-5) == -math.inf
    assert steps.adam_in_half(0.0, torch.bfloat16) == 1.0


def test_a_scaler_takes_a_nan_for_an_overflow() -> None:
    """Its scale falls, nothing moves and nothing is raised."""
    assert steps.under_a_scaler() == {
        "raised": False, "moved": False, "finite": True, "scale fell": True,
    }  # fmt: skip
