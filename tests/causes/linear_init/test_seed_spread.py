"""Seeds as a source of variance."""

import numpy as np
import pytest
import torch
from torch import nn

from workbook.causes.linear_init import SEED_SPREAD, seed_spread
from workbook.causes.linear_init.seed_spread import BATCH, BOTH, DATA_SEED, POINTS, STEPS, VARIES
from workbook.conditions import Conditions
from workbook.experiment import run


def test_training_is_what_autograd_does() -> None:
    """One network trained by nn.Module, autograd and torch.optim.SGD ends at the same error."""
    with Conditions(threads=1, seed=0):
        ours = seed_spread.trained([4], (0.1,), BOTH)
        generator = torch.Generator().manual_seed(DATA_SEED)
        x = 2 * torch.rand(POINTS, 1, generator=generator) - 1
        y = torch.sin(3 * x) + 0.6 * (torch.rand(POINTS, 1, generator=generator) - 0.5)
        torch.manual_seed(4)
        model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        torch.manual_seed(4)
        order = torch.randint(POINTS, (STEPS, BATCH))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for rows in order:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        test = torch.linspace(-1, 1, 101)[:, None]
        error = (model(test) - torch.sin(3 * test)).square().mean().sqrt()
    assert np.isclose(ours.item(), error.item(), rtol=1e-4)


@pytest.mark.parametrize(("seed", "varies"), list(zip((0, 7, 60), VARIES, strict=True)))
def test_only_the_seed_changes(seed: int, varies: str) -> None:
    """The same seeds again give the same bits; other seeds give clearly other errors."""
    values = run(SEED_SPREAD, varies=varies, seed=seed).finding.values
    assert values["repeats"] and values["largest_over_smallest"] > 1.05


@pytest.mark.parametrize("seed", [0, 40])
def test_either_recipe_can_look_better(seed: int) -> None:
    """At the opening rates some pairs of single trainings point the wrong way."""
    assert 0.1 < run(SEED_SPREAD, seed=seed).finding.values["misled"] < 0.6


def test_pairs_of_one_seed_mislead_less() -> None:
    """With the same seed on both sides fewer comparisons point the wrong way."""
    values = run(SEED_SPREAD, seeds=40).finding.values
    assert values["misled_from_one_seed"] < values["misled"] / 2


@pytest.mark.parametrize(
    ("repeats", "misled", "words"),
    [(False, 0.2, "something else"), (True, 0.0, "with every seed")],
)
def test_other_outcomes_have_their_sentences(repeats: bool, misled: float, words: str) -> None:
    """Results that do not repeat, and recipes that are told apart, are said."""
    assert words in seed_spread._verdict(repeats, misled)
