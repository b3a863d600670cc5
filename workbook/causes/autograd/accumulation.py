"""Gradients add up until somebody clears them; and clipping scales them.

Owns two experiments. The factor of the first is zero_grad(), of the second the clipping.
"""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Integer, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, FEATURES = 32, 6
NO_CLIP, CLIP = "as they are", "clipped to norm"


def with_and_without(where: Conditions, *, steps: int, rate: float) -> Finding:
    """Fit a line twice from one start: clearing the gradients, and forgetting to."""
    x, target = torch.rand(ROWS, FEATURES), torch.rand(FEATURES)
    y = x @ target
    cleared, kept = (_losses(x, y, steps, rate, clear=clear) for clear in (True, False))
    first = compare(
        torch.tensor(kept[:2]), torch.tensor(cleared[:2]), first="kept", second="cleared"
    )
    same = compare(torch.tensor(kept), torch.tensor(cleared), first="kept", second="cleared")
    late = slice(steps // 2, None)
    parted = sum(kept[late]) > 2 * sum(cleared[late])
    reading = f"loss after {steps} steps: {cleared[-1]:.2g} cleared, {kept[-1]:.2g} not cleared"
    at = tuple(float(i) for i in range(steps + 1))
    series = (
        Series("zero_grad() before each step", at, tuple(cleared)),
        Series("never cleared", at, tuple(kept)),
    )
    chart = Chart((Panel(Axis("step", 0, steps), Axis("loss", 1e-9, 1e6, log=True), series),))
    values = {"cleared": cleared[-1], "kept": kept[-1], "first_step_equal": first.identical}
    return Finding(_kept_verdict(first.identical, parted), reading, chart, values, (first, same))


def clipped(where: Conditions, *, treatment: str, scale: int) -> Finding:
    """Two gradients that differ by rounding, compared before and after clipping."""
    x = torch.rand(ROWS, FEATURES) * scale
    y = torch.rand(ROWS)
    one, other = (_gradient(x[rows], y[rows]) for rows in (slice(None), torch.arange(ROWS).flip(0)))
    gap = _relative(one, other)
    treated = (_clip(one), _clip(other)) if treatment == CLIP else (one, other)
    after = _relative(*treated)
    reading = f"relative gap {gap:.2g} before, {after:.2g} after; norm {float(one.norm()):.2g}"
    index = tuple(float(i) for i in range(FEATURES))
    series = tuple(
        Series(name, index, _gaps(pair), "points")
        for name, pair in (("before", (one, other)), (f"now, {treatment}", treated))
    )
    axes = Axis("weight", -1, FEATURES), Axis("relative gap", 1e-9, 1e-3, log=True)
    values = {"before": gap, "after": after}
    return Finding(
        _clip_verdict(gap, after, treatment), reading, Chart((Panel(*axes, series),)), values
    )


def _losses(x: Tensor, y: Tensor, steps: int, rate: float, *, clear: bool) -> list[float]:
    weights = torch.zeros(FEATURES, requires_grad=True)
    losses = []
    with torch.enable_grad():
        for _ in range(steps + 1):
            loss = (x @ weights - y).square().mean()
            losses.append(loss.item())
            if clear:
                weights.grad = None
            loss.backward()  # type: ignore[no-untyped-call]
            weights.data -= rate * torch.as_tensor(weights.grad)
    return losses


def _kept_verdict(first_equal: bool, parted: bool) -> str:
    if first_equal and parted:
        return (
            "The first step is equal in every bit. Then old gradients are added, and the fit fails."
        )
    if parted:
        return "The runs part, and not only after the first step."
    return "With these settings the run that keeps its gradients does no worse in the end."


def _gradient(x: Tensor, y: Tensor) -> Tensor:
    """The gradient of a mean squared error at ones; the order of the rows is the order of a sum."""
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


def _relative(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).norm() / one.double().norm())


def _gaps(pair: tuple[Tensor, Tensor]) -> tuple[float, ...]:
    one, other = (gradient.double() for gradient in pair)
    return tuple(((one - other).abs() / one.abs()).tolist())


def _clip_verdict(before: float, after: float, treatment: str) -> str:
    if treatment == NO_CLIP:
        return "Two orders of the rows give two gradients, a rounding apart."
    if after <= 4 * max(before, 2.0**-24):
        return "Clipping scales both gradients alike: they stay as near to each other as they were."
    return "Clipping drove the two gradients apart."


ACCUMULATION = Experiment(
    name="accumulation",
    question="What happens if the gradients are never cleared?",
    factor="zero_grad()",
    controls=(
        Integer("steps", 60, 10, 100, step=10),
        Choice("rate", 0.1, (0.03, 0.1, 0.3), ordered=True, label="learning rate"),
        Seed(),
    ),
    measure=with_and_without,
)
CLIPPING = Experiment(
    name="clipping",
    question="Does gradient clipping make rounding worse?",
    factor="clipping",
    controls=(
        Choice("treatment", CLIP, (CLIP, NO_CLIP), label="gradients"),
        LogRange("scale", 10, 0, 3, label="size of the inputs"),
        Seed(),
    ),
    measure=clipped,
)
