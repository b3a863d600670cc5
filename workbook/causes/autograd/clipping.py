"""Clipping scales a gradient down to a norm: does that enlarge what rounding made?

Owns one experiment. The factor is the clipping.
"""

import torch
from torch import Tensor

from workbook.bounds import gamma
from workbook.conditions import Conditions
from workbook.control import LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, FEATURES = 32, 6


def clipped(where: Conditions, *, scale: int) -> Finding:
    """Compare two gradients that differ by rounding, before and after clipping."""
    x = torch.rand(ROWS, FEATURES) * scale
    y = torch.rand(ROWS)
    forward, backward = (
        _gradient(x[rows], y[rows]) for rows in (slice(None), torch.arange(ROWS).flip(0))
    )
    gap = _relative(forward, backward)
    after = _relative(_clip(forward), _clip(backward))
    reading = f"relative gap {gap:.2g} before, {after:.2g} after; norm {float(forward.norm()):.2g}"
    within = after <= _clipped_limit(gap)
    values = {"before": gap, "after": after, "within": within}
    return Finding(_clip_verdict(within), reading, values=values)


def _gradient(x: Tensor, y: Tensor) -> Tensor:
    """Compute a mean squared error's gradient at ones; its sum goes in the order of the rows."""
    weights = torch.ones(FEATURES)
    residual = x @ weights - y
    total = torch.zeros(FEATURES)
    for row, error in zip(x, residual, strict=True):
        total = total + row * error
    return 2 * total / len(y)


def _clip(gradient: Tensor, largest: float = 1.0) -> Tensor:
    """Scale to a norm of at most `largest`, as torch.nn.utils.clip_grad_norm_ does."""
    weights = torch.zeros_like(gradient, requires_grad=True)
    weights.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_([weights], largest)
    return torch.as_tensor(weights.grad)


def _relative(first: Tensor, second: Tensor) -> float:
    return float((first.double() - second.double()).norm() / first.double().norm())


def _clipped_limit(gap: float) -> float:
    """Bound the relative gap of two clipped gradients by their gap before.

    With a relative gap r the norms differ by at most r, and so do the factors 1 / norm: 2 r to
    first order, 2 r / (1 - r)**2 for certain. On either side the norm of n numbers errs by
    (n + 3) / 2 roundings, the norm of that norm by 2, and a sum, a quotient and a product follow:
    n + 13 for both sides.
    """
    rounded = gamma(FEATURES + 13, "float32")
    return (2 * gap / (1 - gap) ** 2 + rounded) * (1 + rounded)


def _clip_verdict(within: bool) -> str:
    if within:
        return "Clipping adds no more than its own few roundings to the gap that was there."
    return "Clipping drove the two gradients apart."


CLIPPING = Experiment(
    name="clipping",
    question="Does gradient clipping make rounding worse?",
    factor="clipping",
    controls=(LogRange("scale", 10, 0, 3, label="size of the inputs"), Seed()),
    measure=clipped,
)
