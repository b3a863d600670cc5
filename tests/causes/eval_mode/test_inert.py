"""What changes no bit: flags of an unused library, and memory."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from workbook.causes.eval_mode import inert
from workbook.causes.eval_mode.inert import CUDNN_FLAGS, MEMORY_CHURN
from workbook.experiment import run


def test_flags_change_no_bit_on_a_cpu() -> None:
    """All four settings give the same bits, and the flags are as they were afterwards."""
    before = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    assert run(CUDNN_FLAGS).finding.values["largest"] == 0
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == before


def test_flags_that_change_bits_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a flag changes bits the verdict does not say that it changes none."""

    def follows_the_flag(layer: nn.Module, x: Tensor) -> Tensor:
        return torch.ones(2) + torch.backends.cudnn.deterministic

    monkeypatch.setattr(inert, "_output", follows_the_flag)
    assert "change bits here" in run(CUDNN_FLAGS).verdict


@pytest.mark.parametrize("layer", ["Linear", "Conv2d", "GRU"])
def test_other_addresses_give_the_same_bits(layer: str) -> None:
    """Each of forty calls writes to another address, and all write the same bits."""
    assert run(MEMORY_CHURN, layer=layer).finding.values == {"addresses": 40, "distinct": 1}


def test_bits_that_change_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that counts its calls is not called unchanged."""
    calls = itertools.count()
    monkeypatch.setattr(inert, "_output", lambda layer, x: torch.full((2,), float(next(calls))))
    assert run(MEMORY_CHURN).verdict.startswith("Some calls gave other bits")
