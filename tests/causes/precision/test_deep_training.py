"""The small network and its training in two formats."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from workbook.causes.precision import deep_training
from workbook.causes.precision.deep_training import DEEP_TRAINING, HELD, OWN, RELU, TANH
from workbook.causes.precision.network import SIZES, drawn_weights, parts, train
from workbook.conditions import Conditions
from workbook.experiment import run


def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights and data in float64."""
    with Conditions(seed=0):
        weights, x, y = drawn_weights(), torch.rand(12, SIZES[0]) - 0.5, torch.rand(12, 1)
    return weights.double(), x.double(), y.double()


@pytest.mark.parametrize(("name", "kind"), [("ReLU", nn.ReLU), ("tanh", nn.Tanh)])
def test_training_is_what_autograd_does(name: str, kind: type[nn.Module]) -> None:
    """Five steps agree with nn.Sequential, autograd and plain updates to 1e-13."""
    weights, x, y = drawn()
    layers = [nn.Linear(a, b, dtype=torch.float64) for a, b in itertools.pairwise(SIZES)]
    cut = parts(weights)
    for layer, matrix, bias in zip(layers, cut[::2], cut[1::2], strict=True):
        layer.weight.data, layer.bias.data = matrix.T.clone(), bias.clone()
    model = nn.Sequential(layers[0], kind(), layers[1], kind(), layers[2])
    for _ in range(5):
        loss = nn.functional.mse_loss(model(x), y)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.1 * gradient
    trained = train(weights, x, y, activation=name, learning_rate=0.1, steps=5)
    flat = torch.cat([t.flatten() for each in layers for t in (each.weight.T, each.bias)])
    assert torch.allclose(trained.path[5], flat, rtol=0, atol=1e-13)
    assert torch.allclose(trained.outputs, model(x), rtol=0, atol=1e-13)


def test_a_network_held_to_its_own_pattern_is_the_same() -> None:
    """Holding a training to the pattern it has anyway changes no bit."""
    weights, x, y = drawn()
    free = train(weights, x, y, activation="ReLU", learning_rate=0.1, steps=5)
    held = train(weights, x, y, activation="ReLU", learning_rate=0.1, steps=5, held=free.on)
    assert torch.equal(free.path, held.path)


def test_the_pattern_is_the_sign_of_the_inputs() -> None:
    """A unit is on where NumPy finds its input positive."""
    weights, x, y = drawn()
    on = train(weights, x, y, activation="ReLU", learning_rate=0.1, steps=1).on[0].numpy()
    matrix, bias = (part.numpy() for part in parts(weights)[:2])
    assert np.array_equal(on[:, : SIZES[1]], x.numpy() @ matrix + bias > 0)


@pytest.mark.parametrize("activation", [RELU, HELD, TANH])
def test_from_one_start_the_weights_stay_together(activation: str) -> None:
    """Each activation keeps the two formats within a thousandth."""
    result = run(DEEP_TRAINING, activation=activation)
    assert "stay within a thousandth" in result.verdict
    assert 0 < result.finding.values["largest"] < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_two_starts_are_the_gap(seed: int) -> None:
    """From two starts the gap is that of the starting weights, whatever the seed."""
    assert "the gap is the starting weights" in run(DEEP_TRAINING, start=OWN, seed=seed).verdict


@pytest.mark.parametrize("seed", [8, 12, 14, 17])
def test_without_flips_nothing_jumps(seed: int) -> None:
    """Held to the pattern of float64, the gap stays of the size of the roundings."""
    assert run(DEEP_TRAINING, activation=HELD, seed=seed).finding.values["largest"] < 1e-5


def test_other_outcomes_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that part, and a gap that the starts do not explain, get their sentences."""
    honest = deep_training.gaps_of
    calls = iter(range(100))
    monkeypatch.setattr(
        deep_training, "gaps_of", lambda a, b: honest(a, b) + 10.0 ** (next(calls) % 2)
    )
    assert "part by more than a thousandth" in run(DEEP_TRAINING).verdict
    assert "do not explain" in run(DEEP_TRAINING, start=OWN).verdict
