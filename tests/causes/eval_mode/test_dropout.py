"""What turns dropout off."""

import pytest
from torch import nn

from workbook.causes.eval_mode.dropout import ASKS, EVAL, NO_GRAD, SWITCHES, TRAIN
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
