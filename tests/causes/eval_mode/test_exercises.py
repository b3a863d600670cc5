"""Answers that nobody foresaw still get a sentence that fits."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.causes.eval_mode import FREEZE_STATISTICS, OBEY_THE_MODE, WITHOUT_DROPOUT
from workbook.question import judge


class Halves(nn.Module):
    """Halves its input in every mode."""

    def forward(self, x: Tensor) -> Tensor:
        """Half of x."""
        return x / 2


class OneMask(nn.Module):
    """Drops the same entries at every pass."""

    def forward(self, x: Tensor) -> Tensor:
        """Every second entry of x, in training mode."""
        return x * (torch.arange(len(x)) % 2) if self.training else x


class Doubled(nn.Module):
    """Drops twice as it should, in training mode only."""

    def forward(self, x: Tensor) -> Tensor:
        """Entries of x, dropped by the module's mode."""
        return F.dropout(x, 0.5, self.training)


@pytest.mark.parametrize(
    ("net", "status", "words"),
    [
        (Halves(), "failed", "not the input"),
        (OneMask(), "failed", "drops the same entries"),
        (Doubled(), "passed", ""),
    ],
)
def test_a_network_of_ones_own(net: nn.Module, status: str, words: str) -> None:
    """What is wrong with a network is said; a right one passes however it is written."""
    outcome = judge(OBEY_THE_MODE, net)
    assert outcome.status == status and words in outcome.message


def test_zero_momentum_is_no_freezing() -> None:
    """A layer whose average gives new batches no weight still normalizes with its batch."""

    def freeze(model: Any) -> None:
        model.train()
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm1d):
                layer.momentum = 0.0

    assert "uses its batch" in judge(FREEZE_STATISTICS, freeze).message


def test_statistics_that_are_reset_are_noticed() -> None:
    """BatchNorm in evaluation mode, but with its statistics thrown away: that is said."""

    def freeze(model: Any) -> None:
        model.train()
        model[1].eval().reset_running_stats()

    assert "statistics are gone" in judge(FREEZE_STATISTICS, freeze).message


def test_fixed_batch_norm_weights_are_noticed() -> None:
    """Statistics held, dropout active, but a weight that no longer learns: that is said."""

    def freeze(model: Any) -> None:
        model.train()
        model[1].eval().requires_grad_(False)

    assert "must stay trainable" in judge(FREEZE_STATISTICS, freeze).message


@pytest.mark.parametrize(
    ("remove", "words"),
    [
        (lambda model: model, "still a Dropout"),
        (
            lambda model: nn.Sequential(
                nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Identity(), nn.Linear(5, 2)
            ),
            "trained model's outputs",
        ),
    ],
)
def test_a_removal_that_is_none(remove: Any, words: str) -> None:
    """A model with its dropout, or without its training, is told which."""
    assert words in judge(WITHOUT_DROPOUT, remove).message
