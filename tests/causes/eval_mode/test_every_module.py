"""The modules of torch.nn in both modes."""

import inspect

import pytest
from torch import nn
from torch.nn.modules import dropout

from workbook.causes.eval_mode import every_module
from workbook.causes.eval_mode.every_module import EVERY_MODULE, buildable
from workbook.experiment import run


def test_the_dropout_family_draws_in_training_only() -> None:
    """Each module that torch lists under dropout draws in training mode, and in that alone."""
    values = run(EVERY_MODULE, family="dropout").finding.values
    assert set(values["draws in train"]) == set(dropout.__all__)
    assert values["draws in eval"] == []


def test_one_activation_draws() -> None:
    """Of torch's activations only RReLU draws, in training mode only, as its documentation says."""
    values = run(EVERY_MODULE, family="activations").finding.values
    assert values["draws in train"] == ["RReLU"] and values["draws in eval"] == []
    assert values["tried"] > 20


def test_batch_norms_change_their_state_in_training_only() -> None:
    """The layers with running statistics move them in training mode and not in evaluation."""
    values = run(EVERY_MODULE, family="normalization").finding.values
    tracking = {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"}
    assert tracking <= set(values["changes its state in train"])
    assert values["changes its state in eval"] == [] == values["draws in train"]


def test_fractional_pooling_draws_in_both_modes() -> None:
    """Pooling with random regions never asks for the mode."""
    values = run(EVERY_MODULE, family="pooling").finding.values
    both = ["FractionalMaxPool2d", "FractionalMaxPool3d"]
    assert values["draws in train"] == values["draws in eval"] == both


def test_most_modules_are_tried() -> None:
    """At least four fifths of torch.nn's modules that are not lazy can be built and called."""
    modules = {
        name
        for name, kind in vars(nn).items()
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and not name.startswith("Lazy")
    }
    assert set(buildable()) <= modules and len(buildable()) > 0.8 * len(modules)
    assert {"Linear", "LSTM", "Transformer", "Conv3d", "MultiheadAttention"} <= set(buildable())


@pytest.mark.parametrize(
    ("row", "words"), [((0, 1), "these modules draw: ELU"), ((0, 2), "change their own state")]
)
def test_other_findings_are_said(
    row: tuple[int, int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that drew, or changed itself, in evaluation mode would be named or counted."""
    monkeypatch.setattr(
        every_module, "_both_modes", lambda name, *_: row if name == "ELU" else (0, 0)
    )
    assert words in run(EVERY_MODULE, family="activations").verdict
