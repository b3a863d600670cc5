"""A line fitted by gradient descent in float32 and in float64, from one start or from two.

Owns one experiment. Asked for two starts it changes two conditions at once, as the program does
that it rebuilds, and draws the missing third run that tells which of the two matters. Data are the
same float32 numbers in every run.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.bounds import HIGHAM, Bound, gamma
from workbook.comparison import error_of
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

POINTS, STEPS, STILL = 100, 1000, 50
OWN, SAME = "each its own, as printed", "the same for both"


@dataclass(frozen=True)
class Line:
    """Points near y = 2 x + 1 as float32: `inputs` has the rows x and 1, of shape (2, POINTS)."""

    inputs: Tensor
    targets: Tensor


def two_formats(where: Conditions, *, start: str, learning_rate: float) -> Finding:
    """Fit in both formats and follow the distance of the weights, step by step."""
    line, starts = drawn()
    single = path_of(line, starts[:1], learning_rate, torch.float32)[:, 0]
    double = path_of(line, starts, learning_rate, torch.float64)
    if start == OWN:
        return _own_starts(single, double)
    return _same_start(single, double[:, 0], bound_of(line, single, learning_rate))


def drawn() -> tuple[Line, Tensor]:
    """Draw the points, with x and the noise of variance 1 and 0.01, and two starts in -1 to 1."""
    x, noise = math.sqrt(3) * (2 * torch.rand(2, POINTS) - 1)
    line = Line(torch.stack([x, torch.ones_like(x)]), 2 * x + 1 + 0.1 * noise)
    return line, 2 * torch.rand(2, 2) - 1


def path_of(line: Line, starts: Tensor, learning_rate: float, dtype: torch.dtype) -> Tensor:
    """Give the weights before every step of gradient descent and after the last: (STEPS + 1, k, 2).

    The loss is the mean squared error; its gradient is written out. `starts` has shape (k, 2).
    """
    inputs, targets, weights = (t.to(dtype) for t in (line.inputs, line.targets, starts))
    columns = inputs.T.contiguous()
    path = weights.new_empty(STEPS + 1, *weights.shape)
    for step in range(STEPS):
        path[step] = weights
        gradient = (weights @ inputs - targets) @ columns
        weights = weights - (2 * learning_rate / POINTS) * gradient
    path[STEPS] = weights
    return path


def bound_of(line: Line, path: Tensor, learning_rate: float) -> Tensor:
    """Bound the distance of the float32 and the float64 weights before every step, and after.

    In exact arithmetic a step shrinks distances at least by rho = |I - lr H|, H the Hessian. In
    float32 it also makes an error of at most d: half an ULP of the new weights and the rounding of
    the gradient, by Higham's gamma (sections 3.1 and 3.5). So b grows to rho b + d. The same for
    float64 is added. Lengths are Euclidean and bound each weight.
    """
    inputs, targets = line.inputs.double(), line.targets.double()
    rate = 2 * learning_rate / POINTS
    hessian = rate * inputs @ inputs.T
    shrink = float(torch.linalg.eigvalsh(torch.eye(2) - hessian).abs().amax())
    weights = path.double()
    reach = weights.abs() @ inputs.abs() + targets.abs()
    residual = (weights @ inputs - targets).abs()
    total = torch.zeros(STEPS + 1, dtype=torch.float64)
    for fmt in ("float32", "float64"):
        slip = residual * gamma(POINTS + 2, fmt) + reach * gamma(3, fmt) * 1.01
        own = rate * (slip @ inputs.abs().T)[:-1] + gamma(1, fmt) * weights[1:].abs() * 1.01
        limits = [0.0]
        for error in own.norm(dim=1).tolist():
            limits.append(shrink * limits[-1] + error)
        total += torch.tensor(limits, dtype=torch.float64)
    return total


def _own_starts(single: Tensor, double: Tensor) -> Finding:
    printed = _gap(single, double[:, 1])
    starts_only = _gap(double[:, 0], double[:, 1])
    large = starts_only > 1e-3  # where printed digits still differ
    same = ((printed - starts_only).abs() <= 0.01 * starts_only)[large].all()
    reading = f"apart by {printed[0]:.2g} at the start, {printed[-1]:.2g} after {STEPS} steps"
    values = {"first": float(printed[0]), "last": float(printed[-1])}
    verdict = "Both runs differ in two things; here the starting weights do not explain the gap."
    if bool(same) and bool(large.any()):
        verdict = (
            "Two things were changed. Float64 against float64 from the two starts is as far apart: "
            "the gap is the starting weights."
        )
    return Finding(verdict, reading, values=values)


def _same_start(single: Tensor, double: Tensor, bound: Tensor) -> Finding:
    gap = _gap(single, double)
    limit = Bound(float(bound[-1]), "descent bound", f"{HIGHAM}, chapter 3, step by step")
    compared = error_of(single[-1], double[-1], bound=limit, first="float32", second="float64")
    moving = (single[1:] != single[:-1]).any(dim=1).nonzero()
    last_move = int(moving.max()) + 1 if len(moving) else 0
    stopped = last_move <= STEPS - STILL
    reading = f"after {STEPS} steps {gap[-1]:.2g} apart; float32 last moved at step {last_move}"
    values = {"last": float(gap[-1]), "largest": float(gap.amax()), "last_move": last_move}
    verdict = _verdict(compared.within, stopped)
    return Finding(verdict, reading, values=values, comparisons=(compared,))


def _verdict(within: bool, stopped: bool) -> str:
    if not within:
        return "From one start the two runs end further apart than rounding explains."
    if stopped:
        return (
            "From one start the gap is rounding. Then float32 stops: its updates are below half "
            "an ULP of the weights."
        )
    return "From one start the gap is rounding, and float32 is still moving at the end."


def _gap(first: Tensor, second: Tensor) -> Tensor:
    return (first.double() - second.double()).abs().amax(dim=1)


REGRESSION = Experiment(
    name="regression",
    question="A line fitted in float32 and in float64: why do the weights differ?",
    factor="dtype",
    controls=(
        Choice("start", OWN, (OWN, SAME), label="starting weights"),
        Choice("learning_rate", 0.01, (0.003, 0.01, 0.03, 0.1), ordered=True),
        Seed(),
    ),
    measure=two_formats,
)
