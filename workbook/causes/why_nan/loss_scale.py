"""A loss scale: how many gradients a narrow format loses at either end of its range.

Owns one experiment. The factor is the number that the loss is multiplied by before the gradients
are stored; the network, its rows and its gradients are the same.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import percent

POWERS = range(0, 41, 2)
SIZES = (16, 32, 32, 1)
SHOWN = 256  # tokens whose gradients are looked at
FORMATS = ("float16", "bfloat16", "float32")
LOST, INFINITE = "became 0", "became infinite"


def scale_gradients(where: Conditions, *, stored: str, tokens: int) -> Finding:
    """Store the gradients of hidden values, times each scale, in a format."""
    gradients = _gradients(tokens)
    kept = {power: (gradients * 2.0**power).to(getattr(torch, stored)).float() for power in POWERS}
    lost = [float((each == 0).float().mean()) for each in kept.values()]
    infinite = [float(each.isinf().float().mean()) for each in kept.values()]
    safe = [p for p, a, b in zip(POWERS, lost, infinite, strict=True) if a <= lost[-1] and not b]
    series = (
        Series(LOST, POWERS, [100 * share for share in lost]),
        Series(INFINITE, POWERS, [100 * share for share in infinite]),
    )
    axes = (
        Axis("loss scale, as a power of two", POWERS[0], POWERS[-1]),
        Axis("gradients, %", -2, 102),
    )
    reading = (
        f"without a scale {percent(lost[0], 1)} become 0; at 2^{POWERS[-1]} "
        f"{percent(infinite[-1], 1)} are inf"
    )
    values = {LOST: lost[0], INFINITE: infinite[-1], "safe": safe}
    verdict = _verdict(lost[0], infinite[-1], bool(safe))
    return Finding(verdict, reading, Chart((Panel(*axes, series),)), values)


def _gradients(tokens: int) -> Tensor:
    """Give the gradients of some tokens' hidden values, where the loss is the mean over `tokens`.

    What is not exactly 0, in float64.
    """
    layers = [nn.Linear(a, b).double() for a, b in pairwise(SIZES)]
    x, hidden = torch.rand(SHOWN, SIZES[0]).double(), []
    for layer in layers[:-1]:
        x = layer(x).tanh()
        hidden.append(x)
    loss = layers[-1](x).square().sum() / tokens
    gradients = torch.autograd.grad(loss, hidden)
    every = torch.cat([each.flatten() for each in gradients])
    return every[every != 0]


def _verdict(lost: float, infinite: float, safe: bool) -> str:
    if not lost and not infinite:
        return "No gradient leaves the range of this format, at any of these scales."
    if not lost:
        return "No gradient becomes 0 without a scale; a large scale makes some infinite."
    if not infinite:
        return "Without a scale some gradients become 0; no scale in the figure makes one infinite."
    if not safe:
        return "Some gradients become 0 without a scale, and no scale keeps them all."
    return (
        "Without a scale some gradients become 0, with a large one some become infinite; "
        "in between all are kept."
    )


LOSS_SCALE = Experiment(
    "loss_scale",
    "What does a loss scale save, and what does it cost?",
    "the scale of the loss",
    (
        Choice("stored", "float16", FORMATS, label="gradients stored in"),
        LogRange("tokens", 2**18, 8, 20, base=2, help="the loss is a mean over so many"),
        Seed(),
    ),
    scale_gradients,
)
