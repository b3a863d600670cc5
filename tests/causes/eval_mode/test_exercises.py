"""Answers that nobody foresaw still get a sentence that fits."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.causes.eval_mode import (
    FREEZE_STATISTICS,
    OBEY_THE_MODE,
    REPAIR_THE_TRAINING,
    WITHOUT_DROPOUT,
)
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


class InPlace(nn.Module):
    """Drops where its input stands, in training mode only."""

    def forward(self, x: Tensor) -> Tensor:
        """Entries of x, which is written to."""
        return F.dropout(x, 0.5, self.training, inplace=True)


@pytest.mark.parametrize(
    ("net", "status", "words"),
    [
        (Halves(), "failed", "not the input"),
        (OneMask(), "failed", "drops the same entries"),
        (Doubled(), "passed", ""),
        (InPlace(), "passed", ""),
    ],
)
def test_a_network_of_ones_own(net: nn.Module, status: str, words: str) -> None:
    """What is wrong with a network is said; a right one passes however it is written."""
    outcome = judge(OBEY_THE_MODE, net)
    assert outcome.status == status and words in outcome.message


def zero_momentum(model: Any) -> None:
    """Let new batches have no weight in the average."""
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = 0.0


def all_but_dropout(model: Any) -> None:
    """Switch the other way round: evaluation mode, and back for dropout."""
    model.eval()
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()


def untracked(model: Any) -> None:
    """Tell the layers not to track, which leaves what they have tracked."""
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.track_running_stats = False


@pytest.mark.parametrize("freeze", [zero_momentum, all_but_dropout, untracked])
def test_every_way_to_freeze_passes(freeze: Any) -> None:
    """What counts is that passes leave the statistics as they are, not how."""
    assert judge(FREEZE_STATISTICS, freeze).status == "passed"


def test_a_score_may_be_written_out() -> None:
    """Another way to write the loss rounds in another way, and is as right."""

    def fit(model: Any, batches: Any, held_out: Any) -> list[float]:
        optimizer, scores = torch.optim.SGD(model.parameters(), lr=0.1), []
        for x, y in batches:
            optimizer.zero_grad()
            (model.train()(x) - y).pow(2).mean().backward()
            optimizer.step()
            with torch.inference_mode():
                scores.append((model.eval()(held_out[0]) - held_out[1]).pow(2).mean().item())
        return scores

    assert judge(REPAIR_THE_TRAINING, fit).status == "passed"


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
