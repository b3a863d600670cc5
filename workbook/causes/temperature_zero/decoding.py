"""Greedy decoding of the same prompts in two ways: the same texts, or not.

Owns one experiment. The factor is the number of prompts in a call, or else the cache; the prompts,
the weights and the rule (take the largest logit) are the same, and nothing is drawn.
"""

import torch
from torch import Tensor

from workbook.causes.temperature_zero import library, model
from workbook.causes.temperature_zero.library import ACCUMULATORS, BY_ROWS, ORDERS, ROUNDED, TORCH
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import percent

SHOWN, LENGTH, COUNT = 8, 2, 10
VOCABULARY, SIZE = 256, 32
CALLS, CACHE = "prompts in a call", "cache or whole text"
TITLES = {CALLS: "in one call, held against each alone", CACHE: "with a cache, held against none"}
LEGEND: dict[Kind, str] = {"agrees": "the same token", "differs": "another token"}


def decode(
    where: Conditions, *, change: str, order: str, accumulator: str, width: int, prompts: int
) -> Finding:
    """Continue prompts in two ways that are one on paper, and hold their tokens side by side."""
    small, starts = opened(where, width, prompts)
    linear = library.product(order, accumulator)
    if change == CALLS:
        first = torch.cat([text(small, start[None], linear) for start in starts]).cpu()
        second = text(small, starts, linear).cpu()
    else:
        first, second = (recalled(small, starts, linear, cached).cpu() for cached in (False, True))
    same = first == second
    parted = [(row, int(row.logical_not().nonzero()[0])) for row in same if not row.all()]
    later = [float((~row[at:]).float().mean()) for row, at in parted]
    table = {
        f"prompt {number + 1}": [
            Cell(str(token), "agrees" if equal else "differs")
            for token, equal in zip(tokens.tolist(), row.tolist(), strict=True)
        ]
        for number, (tokens, row) in enumerate(zip(second[:SHOWN], same[:SHOWN], strict=True))
    }
    reading = f"{len(parted)} of {prompts} texts differ"
    if later:
        reading += f"; from the first other token on {percent(sum(later) / len(later))} differ"
    title = "the tokens of the first prompts, " + TITLES[change]
    values = {"changed": len(parted), "firsts": [at for _, at in parted]}
    chart = Chart((Cells.of(table, LEGEND, title),))
    return Finding(_verdict(change, len(parted)), reading, chart, values)


def opened(where: Conditions, width: int, prompts: int) -> tuple[model.Model, Tensor]:
    """Draw the model and its prompts, (prompts, LENGTH)."""
    drawn = model.build(
        width, layers=1, vocabulary=VOCABULARY, places=LENGTH + COUNT, heads=width // SIZE
    ).to(where.torch_device, where.torch_dtype)
    return drawn, torch.randint(VOCABULARY, (prompts, LENGTH)).to(where.torch_device)


def text(small: model.Model, starts: Tensor, linear: model.Linear) -> Tensor:
    """Continue the prompts greedily, with attention that treats each row by itself."""
    with torch.no_grad():
        return model.greedy(small, starts, COUNT, linear=linear, attention=library.attend)


def recalled(small: model.Model, starts: Tensor, linear: model.Linear, cached: bool) -> Tensor:
    """Continue the prompts in one call, with torch's attention, with a cache or without."""
    with torch.no_grad():
        return model.greedy(small, starts, COUNT, linear=linear, cached=cached)


def _verdict(change: str, changed: int) -> str:
    if change == CALLS and changed:
        return "Some prompts get another text in a batch than alone, and nothing was drawn."
    if changed:
        return "Some prompts get another text with a cache than without, and nothing was drawn."
    return "Every prompt gets the same text both times."


ALONE = Experiment(
    "alone_or_in_a_batch",
    "Does a prompt get the same text both times?",
    "how the same prompts are computed",
    (
        Choice("change", CALLS, (CALLS, CACHE), label="what changes"),
        Choice("order", BY_ROWS, ORDERS, label="order of addition"),
        Choice("accumulator", ROUNDED, ACCUMULATORS),
        Choice("width", 32, (32, 128, 512), ordered=True),
        Choice("prompts", 8, (8, 64, 256), ordered=True),
        Seed(4),
        Dtype("bfloat16", ("float32", "bfloat16", "float16")),
        DeviceChoice(),
    ),
    decode,
    recorded={"change": CACHE, "order": TORCH, "width": 512, "prompts": 256},
)
