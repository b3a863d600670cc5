"""A line fitted in two formats, from one start and from two."""

import numpy as np
import pytest
import torch
from torch import nn

from workbook.causes.precision import regression
from workbook.causes.precision.regression import (
    OWN,
    POINTS,
    REGRESSION,
    SAME,
    STEPS,
    bound_of,
    drawn,
    path_of,
)
from workbook.conditions import Conditions
from workbook.experiment import run


def test_descent_is_what_autograd_does() -> None:
    """In float64, 25 steps agree with nn.Linear, autograd and plain updates to 1e-13."""
    with Conditions(seed=3, threads=1):
        line, starts = drawn()
    path = path_of(line, starts, 0.01, torch.float64)
    model = nn.Linear(1, 1, dtype=torch.float64)
    with torch.no_grad():
        model.weight.fill_(starts[1, 0].item())
        model.bias.fill_(starts[1, 1].item())
    x, y = line.inputs[0].double().unsqueeze(1), line.targets.double().unsqueeze(1)
    for _ in range(25):
        loss = nn.functional.mse_loss(model(x), y)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.01 * gradient
    trained = torch.stack([model.weight.flatten()[0], model.bias[0]])
    assert torch.allclose(path[25, 1], trained, rtol=0, atol=1e-13)


def test_descent_ends_at_least_squares() -> None:
    """With a larger rate the float64 weights are NumPy's least-squares solution."""
    with Conditions(seed=0, threads=1):
        line, starts = drawn()
    path = path_of(line, starts, 0.1, torch.float64)
    design = line.inputs.double().numpy().T
    best = np.linalg.lstsq(design, line.targets.double().numpy(), rcond=None)[0]
    assert np.allclose(path[-1, 0].numpy(), best, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_two_starts_are_the_gap(seed: int) -> None:
    """As printed, the gap is that of the starting weights, whatever the seed."""
    assert "the gap is the starting weights" in run(REGRESSION, start=OWN, seed=seed).verdict


@pytest.mark.parametrize("seed", range(4))
def test_from_one_start_float32_stops(seed: int) -> None:
    """The gap stays within the derived bound and float32 stands still at the end."""
    result = run(REGRESSION, start=SAME, seed=seed)
    assert "float32 stops" in result.verdict
    assert result.finding.comparisons[0].verdict == "rounding"
    assert 1e-7 < result.finding.values["last"] < 1e-4


def test_float32_stops_because_updates_are_below_half_an_ulp() -> None:
    """At the end the exact update is positive and at most half of NumPy's spacing of the weight."""
    with Conditions(seed=0, threads=1):
        line, starts = drawn()
        end = path_of(line, starts[:1], 0.01, torch.float32)[-1, 0].numpy()
    inputs, targets = line.inputs.double().numpy(), line.targets.double().numpy()
    update = 2 * 0.01 / POINTS * (end.astype(np.float64) @ inputs - targets) @ inputs.T
    rounding = 1e-9  # of the gradient, summed in float32: far below the updates
    assert (np.abs(update) > 0).all()
    assert (np.abs(update) <= np.spacing(np.abs(end)) / 2 + rounding).all()


def test_a_small_rate_is_still_moving() -> None:
    """With a rate of 0.003 a thousand steps are too few to arrive, and the verdict says so."""
    assert run(REGRESSION, start=SAME, learning_rate=0.003).verdict.endswith("moving at the end.")


@pytest.mark.parametrize("rate", [0.01, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_holds_at_every_step(seed: int, rate: float) -> None:
    """No distance of the two paths is above the derived bound."""
    with Conditions(seed=seed, threads=1):
        line, starts = drawn()
        single = path_of(line, starts[:1], rate, torch.float32)[:, 0]
        double = path_of(line, starts[:1], rate, torch.float64)[:, 0]
    bound = bound_of(line, single, rate)
    gap = (single.double() - double).norm(dim=1)
    assert len(bound) == STEPS + 1 and bool((gap <= bound).all())


def test_more_than_rounding_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap above the bound is not called rounding."""
    monkeypatch.setattr(regression, "bound_of", lambda *_: torch.zeros(STEPS + 1))
    assert "than rounding explains" in run(REGRESSION, start=SAME).verdict


def test_a_gap_that_starts_do_not_explain_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If float32 alone went elsewhere, the starts are not blamed."""
    honest = regression.path_of

    def shifted(*args: object) -> torch.Tensor:
        path = honest(*args)  # type: ignore[arg-type]
        return path + 1 if path.dtype == torch.float32 else path

    monkeypatch.setattr(regression, "path_of", shifted)
    assert "do not explain" in run(REGRESSION, start=OWN).verdict
