"""What a layer takes from the stream of random numbers."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbook.causes.eval_mode.stream import LATER_DRAWS, LAYERS
from workbook.experiment import run


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("seed", range(3))
def test_training_takes_numbers_and_evaluation_none(layer: str, seed: int) -> None:
    """In training mode later draws start further on in the stream, in evaluation at its start."""
    values = run(LATER_DRAWS, layer=layer, seed=seed).finding.values
    assert values["taken in train"] > 0 == values["taken in eval"]
    assert values["shared"] == 0


@pytest.mark.parametrize("units", [1, 3, 6])
def test_rrelu_takes_as_much_for_each_negative_entry(units: int) -> None:
    """Every negative entry gets a slope of its own, as torch's documentation of RReLU says."""
    each, all_of_them = (
        run(LATER_DRAWS, layer="RReLU", units=n).finding.values["taken in train"]
        for n in (1, units)
    )
    assert all_of_them == units * each


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certainty_takes_nothing(p: float) -> None:
    """Where nothing is left to chance nothing is drawn, and the verdict says so."""
    result = run(LATER_DRAWS, p=p)
    assert result.finding.values["taken in train"] == 0
    assert "in neither mode" in result.verdict


def test_draws_in_evaluation_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that draws in both modes is not called silent."""
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x * torch.rand(2).sum())
    assert run(LATER_DRAWS).verdict == "The layer draws in evaluation mode as well."


def test_another_stream_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that are not in the seed's stream get a mark of their own."""

    def reseeds(self: Any, x: Tensor) -> Tensor:
        torch.manual_seed(99)
        return x

    monkeypatch.setattr(nn.Dropout, "forward", reseeds)
    result = run(LATER_DRAWS)
    assert result.finding.values["taken in train"] == -1
    assert "not in the stream" in result.finding.chart.panels[0].legend[-1][1]
