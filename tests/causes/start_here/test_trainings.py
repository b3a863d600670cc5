"""Six trainings from one seed."""

import pytest
import torch
from torch import nn

from workbook.causes.start_here.trainings import (
    AGAIN,
    CHANGES,
    FORGOTTEN,
    RATE,
    SIX_FROM_ONE_SEED,
    data,
    train,
)
from workbook.experiment import run


def flat(layers: nn.Module) -> torch.Tensor:
    """The network's weights in the order of a path."""
    first, _, last = layers
    return torch.cat([first.weight.T.flatten(), first.bias, last.weight.flatten()]).detach()


@pytest.mark.parametrize(("change", "rows"), [(AGAIN, 64), (FORGOTTEN, 63)])
def test_a_step_is_autograds(change: str, rows: int) -> None:
    """From the same weights, torch.optim.SGD on the mean squared error goes the same way."""
    training = train(change, 3, 5, torch.float64)
    layers = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1, bias=False)).double()
    with torch.no_grad():
        layers[0].weight.copy_(training.path[0, :128].reshape(8, 16).T)
        layers[0].bias.copy_(training.path[0, 128:144])
        layers[2].weight.copy_(training.path[0, 144:][None])
    optimizer = torch.optim.SGD(layers.parameters(), lr=RATE)
    x, y = (each.double() for each in data())
    for step in range(3):
        assert torch.allclose(flat(layers), training.path[step], rtol=1e-12)
        optimizer.zero_grad()
        nn.functional.mse_loss(layers(x[:rows]), y[:rows]).backward()
        optimizer.step()
    assert nn.functional.mse_loss(layers(x), y).item() == pytest.approx(training.loss, rel=1e-12)


@pytest.mark.parametrize("seed", [1, 7])
def test_each_change_gets_its_word_for_other_seeds_too(seed: int) -> None:
    """Nothing changed: identical; order and format: rounding; a draw and a lost row: more."""
    words = run(SIX_FROM_ONE_SEED, seed=seed, steps=20).finding.values["words"]
    assert list(words) == list(CHANGES)
    assert list(words.values()) == ["identical", "rounding", "rounding", "more", "more"]
