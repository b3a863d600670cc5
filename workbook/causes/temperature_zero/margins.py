"""How near two logits have to be for a change of order to change the token.

Owns one experiment. The factor is the order of addition; prompts, weights and the tokens before are
the same. A logit may fall by the largest change while another rises by as much, so no token changes
where the two best are further apart than twice that.
"""

import torch
from torch import Tensor

from workbook.causes.temperature_zero import library, model
from workbook.causes.temperature_zero.library import ACCUMULATORS, ROUNDED, halves, pairs
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.floats import format_of
from workbook.result import Finding
from workbook.wording import counted

TEXTS, LENGTH = 32, 12
WIDTH, VOCABULARY = 32, 256
HIGHEST = 4.0  # of the leads that are drawn
RANGE = 2.0**7  # of the changes that are drawn, from the unit roundoff on


def part(where: Conditions, *, accumulator: str) -> Finding:
    """Compute every position's logits in two orders, and hold margins beside changes."""
    small = model.build(WIDTH, layers=1, vocabulary=VOCABULARY, places=LENGTH, heads=1)
    small = small.to(where.torch_device, where.torch_dtype)
    tokens = torch.randint(VOCABULARY, (TEXTS, LENGTH)).to(where.torch_device)
    first, second = (_logits(small, tokens, add, accumulator) for add in (halves, pairs))
    best = first.topk(2).values
    margin = best[:, 0] - best[:, 1]
    change = (first - second).abs().amax(1)
    flipped = first.argmax(1) != second.argmax(1)
    ties = int((margin == 0).sum())
    broken = int((flipped & (margin > 2 * change)).sum())
    low = format_of(str(where.dtype)).unit_roundoff
    series = (
        Series("the token stays", change[~flipped], margin[~flipped], "points"),
        Series("another token", change[flipped], margin[flipped], "points"),
        Series("a lead of twice the change", (low, RANGE * low), (2 * low, 2 * RANGE * low)),
    )
    axes = (
        Axis("largest change of a logit", low, RANGE * low, log=True),
        Axis("lead of the best logit", low, HIGHEST, log=True),
    )
    reading = (
        f"{int(flipped.sum())} of {len(flipped)} tokens change; {counted(ties, 'exact tie')} at "
        "the top"
    )
    values = {"flips": int(flipped.sum()), "ties": ties, "above the line": broken}
    return Finding(_verdict(broken), reading, Chart((Panel(*axes, series),)), values)


def _logits(small: model.Model, tokens: Tensor, add: library.Adding, accumulator: str) -> Tensor:
    """Give the logits of all positions, (TEXTS * LENGTH, V) in float64."""
    linear = library.adding(add, accumulator)
    cache: model.Cache = []
    with torch.no_grad():
        steps = [
            model.forward(small, token, cache, linear=linear, attention=library.attend)
            for token in torch.split(tokens, 1, dim=1)
        ]
    return torch.cat(steps, 1).flatten(0, 1).double().cpu()


def _verdict(broken: int) -> str:
    if broken:
        return "A token changed although its lead was more than twice the largest change."
    return "No token changes where its lead is more than twice the largest change of a logit."


MARGINS = Experiment(
    "margins",
    "Which tokens change when the order of addition does?",
    "order of addition",
    (
        Dtype("bfloat16", ("float32", "bfloat16", "float16")),
        Choice("accumulator", ROUNDED, ACCUMULATORS),
        Seed(),
        DeviceChoice(),
    ),
    part,
)
