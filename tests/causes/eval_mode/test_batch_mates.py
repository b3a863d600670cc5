"""A row alone, in small batches and in a large one."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbook.causes.eval_mode import batch_mates
from workbook.causes.eval_mode.batch_mates import (
    BATCH_MATES,
    EVAL,
    LAYER_NORM,
    LINEAR,
    SOFTMAX,
    TRAIN,
    UNTRACKED,
)
from workbook.experiment import run


@pytest.mark.parametrize("features", [4, 64])
@pytest.mark.parametrize("seed", range(3))
def test_batch_statistics_tie_rows_together(seed: int, features: int) -> None:
    """With the batch's statistics a row gets other values, and alone it is refused."""
    values = run(BATCH_MATES, seed=seed, features=features).finding.values
    tied = {"alone": "raises", "in a batch": "other values"}
    assert [values[name] for name in (TRAIN, UNTRACKED)] == [tied, tied]


@pytest.mark.parametrize("name", [EVAL, LAYER_NORM, SOFTMAX])
def test_other_layers_give_a_row_the_same_bits(name: str) -> None:
    """Running statistics, LayerNorm and softmax do not look at the other rows."""
    assert run(BATCH_MATES).finding.values[name] == {
        "alone": "same bits",
        "in a batch": "same bits",
    }


def test_batch_norm_draws_nothing() -> None:
    """The same batch twice gives the same bits, and the generator has not moved."""
    values = run(BATCH_MATES).finding.values
    assert values["same batch twice"] == "identical" and values["draws"] is False


def test_the_bound_holds_against_numpy() -> None:
    """A float32 Linear is within half of the bound for two of NumPy's float64 result."""
    torch.manual_seed(0)
    linear, x = nn.Linear(32, 32), 2 * torch.rand(256, 32) - 1
    with torch.no_grad():
        bound = batch_mates._linear_bound(linear, x, "float32")
        weight, bias, rows = (t.double().numpy() for t in (linear.weight, linear.bias, x))
        error = np.abs(linear(x).double().numpy() - (rows @ weight.T + bias))
    assert isinstance(bound.limit, Tensor)
    assert (error <= bound.limit.numpy() / 2).all()


def test_a_linear_beyond_its_bound_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linear layer that adds something in small batches is not called rounding."""
    honest = nn.Linear.forward
    monkeypatch.setattr(
        nn.Linear, "forward", lambda self, x: honest(self, x) + (len(x) < 256) * 0.01
    )
    result = run(BATCH_MATES)
    assert "than rounding explains" in result.verdict
    assert result.finding.values[LINEAR]["in a batch"] == "other values"


def test_a_layer_that_should_not_depend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If LayerNorm looked at the batch, the verdict would name it."""
    monkeypatch.setattr(nn.LayerNorm, "forward", lambda self, x: x - x.mean())
    assert LAYER_NORM in run(BATCH_MATES).verdict
