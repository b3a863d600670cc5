"""A training whose loss stops being a number, and the same one with another formula for the loss.

Owns one experiment. The factor is the formula: weights, rows, labels and steps are the same, and on
paper both formulas are one.
"""

import copy
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

BY_HAND, LIBRARY = "softmax by hand, then log", "cross_entropy"
ROWS, HIDDEN, STEPS = 64, 16, 30
LOWEST, HIGHEST = 0.03, 100.0


def by_hand(logits: Tensor, labels: Tensor) -> Tensor:
    """Give the mean of -log softmax at the labels, as the formula stands in books."""
    shares = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -shares[torch.arange(len(labels)), labels].log().mean()


FORMULAS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    BY_HAND: by_hand,
    LIBRARY: F.cross_entropy,
}


def train_both(where: Conditions, *, scale: float, rate: float) -> Finding:
    """Train one small network with each formula, from the same weights on the same rows."""
    rows = scale * (2 * torch.rand(ROWS, 2) - 1)
    labels = (rows[:, 0] * rows[:, 1] > 0).long()
    start = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
    losses = {
        name: _losses(copy.deepcopy(start).to(where.torch_dtype), rows, labels, formula, rate)
        for name, formula in FORMULAS.items()
    }
    last = {name: _last_number(line) for name, line in losses.items()}
    ended = {name: last[name] < STEPS for name in FORMULAS}
    told = ", ".join(
        f"{name}: {'a number to the end' if not ended[name] else f'a number up to step {at}'}"
        for name, at in last.items()
    )
    values = {"last number": last, "ended": ended, "losses": losses}
    return Finding(_verdict(ended), told, _chart(losses, last), values)


def _losses(
    model: nn.Module,
    rows: Tensor,
    labels: Tensor,
    formula: Callable[[Tensor, Tensor], Tensor],
    rate: float,
) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    rows = rows.to(next(model.parameters()))
    losses = []
    for _ in range(STEPS):
        loss = formula(model(rows), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return losses


def _last_number(losses: list[float]) -> int:
    """Count the steps before the first loss that is infinite or NaN."""
    return next((n for n, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))


def _verdict(ended: dict[str, bool]) -> str:
    if ended == {BY_HAND: True, LIBRARY: False}:
        return "By hand the loss stops being a number; the library's stays one, from one start."
    if not any(ended.values()):
        return "Both losses are numbers to the end."
    return f"The loss stops being a number with: {', '.join(n for n, e in ended.items() if e)}."


def _chart(losses: dict[str, list[float]], last: dict[str, int]) -> Chart:
    series = [
        Series(name, range(1, STEPS + 1), [x if math.isfinite(x) else math.nan for x in line])
        for name, line in losses.items()
    ]
    ends = [(at, losses[name][at - 1]) for name, at in last.items() if 0 < at < STEPS]
    x, y = [float(at) for at, _ in ends], [loss for _, loss in ends]
    series.append(Series("the last number", x, y, "points"))
    axes = Axis("step", 0, STEPS + 1), Axis("loss", LOWEST, HIGHEST, log=True)
    return Chart((Panel(*axes, tuple(series)),))


NAN_TRAINING = Experiment(
    "nan_training",
    "Which loss stays a number?",
    "the formula of the loss",
    (
        Choice(
            "scale",
            50.0,
            (1.0, 10.0, 50.0, 250.0),
            label="size of the inputs",
            help="the largest size of an input",
            ordered=True,
        ),
        Choice("rate", 0.1, (0.001, 0.01, 0.1, 1.0), label="learning rate", ordered=True),
        Seed(4),
        Dtype("float32", ("float64", "float32", "bfloat16")),
    ),
    train_both,
)
