"""Error against depth, by activation."""

import numpy as np
import pytest
import torch

from workbook.causes.precision.depth import ACTIVATIONS, ALL, DEPTH, FEW, errors_of
from workbook.conditions import Conditions
from workbook.experiment import run

HERE = Conditions(device="cpu", threads=1, seed=0)


@pytest.mark.parametrize("seed", range(3))
def test_depth_alone_costs_little(seed: int) -> None:
    """At gain 1, all but the steep activation keep four digits through 64 layers."""
    last = run(DEPTH, seed=seed).finding.values
    assert all(last[name] < FEW for name in ("identity", "ReLU", "GELU", "tanh"))
    assert last["steep tanh"] > ALL


@pytest.mark.parametrize("seed", range(3))
def test_gain_costs_digits(seed: int) -> None:
    """At gain 2, tanh is in between, and ReLU and identity keep their digits."""
    last = run(DEPTH, gain=2.0, seed=seed).finding.values
    assert FEW < last["tanh"] < ALL
    assert last["identity"] < FEW and last["ReLU"] < FEW


@pytest.mark.parametrize("name", ["identity", "ReLU"])
def test_scale_does_not_matter_to_a_homogeneous_stack(name: str) -> None:
    """Twice the weights, a power of two, give bit for bit the same relative errors."""
    torch.manual_seed(1)
    x, weights = torch.rand(4, 8), torch.rand(10, 8, 8) - 0.5
    errors = errors_of(ACTIVATIONS[name], x, weights, HERE)
    assert errors_of(ACTIVATIONS[name], x, 2 * weights, HERE) == errors


def test_exact_layers_have_no_error() -> None:
    """Permutations and powers of two are exact in both formats."""
    x = torch.rand(4, 8)
    weights = torch.stack([2 * torch.eye(8).roll(shift, 0) for shift in range(5)])
    assert errors_of(ACTIVATIONS["ReLU"], x, weights, HERE) == [0.0] * 5


def test_errors_are_numpys() -> None:
    """For tanh, NumPy's two formats are apart by the same order of magnitude at every layer."""
    torch.manual_seed(2)
    x, weights = torch.rand(16, 32), (torch.rand(12, 32, 32) - 0.5)
    single, double, expected = x.numpy(), x.double().numpy(), []
    for layer in weights.numpy():
        single = np.tanh(single @ layer)
        double = np.tanh(double @ layer.astype(np.float64))
        expected.append(np.linalg.norm(single - double) / np.linalg.norm(double))
    found = np.array(errors_of(torch.tanh, x, weights, HERE))
    assert (np.abs(np.log10(found / np.array(expected))) < 1).all()


def test_the_verdict_lists_each_activation_once() -> None:
    """Every activation is named exactly once, in its class."""
    verdict = run(DEPTH, gain=2.0).verdict
    words = verdict.replace("steep tanh", "steep").replace(".", "").replace(",", "").split()
    for name in ("identity", "ReLU", "GELU", "tanh", "steep"):
        assert sum(word.strip(";") == name for word in words) == 1
    assert "keeps some digits for tanh" in verdict
