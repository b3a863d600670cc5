"""A model without its dropout layer."""

import pytest
from torch import nn

from workbook.causes.eval_mode import removed
from workbook.causes.eval_mode.removed import IDENTITY, KEEP, LAX, PRINTED, REMOVED_LAYER, RENAMED
from workbook.experiment import run


def test_three_ways_keep_the_trained_layers() -> None:
    """Keeping it in evaluation mode, an Identity and renamed keys give the trained outputs."""
    values = run(REMOVED_LAYER).finding.values
    right = {"error": "", "loaded": 2, "same": True}
    assert {name for name, row in values.items() if row == right} == {KEEP, IDENTITY, RENAMED}


def test_the_keys_in_the_error_are_the_models() -> None:
    """The error names what one model's state_dict has and the other's has not."""
    trained = nn.Sequential(nn.Linear(10, 5), nn.Dropout(), nn.Linear(5, 1)).state_dict()
    smaller = nn.Sequential(nn.Linear(10, 5), nn.Linear(5, 1)).state_dict()
    error = run(REMOVED_LAYER).finding.values[PRINTED]["error"]
    assert all(f'"{key}"' in error for key in set(trained) ^ set(smaller))


def test_half_of_the_model_is_loaded() -> None:
    """Where loading raises, and where strict=False hides it, one of two layers has its weights."""
    values = run(REMOVED_LAYER).finding.values
    assert [values[name]["loaded"] for name in (PRINTED, LAX)] == [1, 1]
    assert values[LAX]["error"] == "" and not values[LAX]["same"]


def test_loading_that_never_raises_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If loading raised nothing, the verdict would not say that it does."""
    monkeypatch.setattr(removed, "_load", lambda model, weights, strict: _rename(model, weights))
    assert run(REMOVED_LAYER).verdict.endswith("leaving it out does not.")


def test_other_outputs_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If evaluation mode changed the output, the ways that keep it would be listed."""
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: 2 * x)
    assert (
        run(REMOVED_LAYER).verdict.startswith("These give")
        and KEEP not in run(REMOVED_LAYER).verdict
    )


def _rename(model: nn.Module, weights: dict[str, object]) -> str:
    if "1.weight" in weights:
        model.load_state_dict(weights)
    return ""
