"""Greedy decoding of a prompt alone and among others: the same text, or not.

Owns one experiment. The factor is the number of prompts in a call; the prompts, the weights and the
rule (take the largest logit) are the same, and nothing is drawn.
"""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.causes.temperature_zero import library, model
from workbook.causes.temperature_zero.library import ACCUMULATORS, BY_ROWS, ORDERS, ROUNDED, TORCH
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

PROMPTS, LENGTH, COUNT = 8, 2, 10
VOCABULARY = 256
LEGEND: dict[Kind, str] = {"agrees": "the same token", "differs": "another token"}


def decode(where: Conditions, *, order: str, accumulator: str, width: int) -> Finding:
    """Continue each prompt alone, and all of them in one call."""
    small, prompts = opened(where, width)
    linear = library.product(order, accumulator)
    alone = torch.cat([text(small, prompt[None], linear) for prompt in prompts]).cpu()
    together = text(small, prompts, linear).cpu()
    same = alone == together
    firsts = [int(row.logical_not().nonzero()[0]) for row in same if not row.all()]
    later = [float((~row[first:]).float().mean()) for row, first in _parted(same)]
    table = {
        f"prompt {number + 1}": [
            Cell(str(token), "agrees" if equal else "differs")
            for token, equal in zip(tokens.tolist(), row.tolist(), strict=True)
        ]
        for number, (tokens, row) in enumerate(zip(together, same, strict=True))
    }
    changed = len(firsts)
    reading = f"{changed} of {PROMPTS} texts differ"
    if later:
        reading += f"; from the first other token on {sum(later) / len(later):.0%} differ"
    title = f"tokens of {PROMPTS} prompts in one call, held against each prompt alone"
    values = {"changed": changed, "firsts": firsts, "alone": alone.tolist()}
    chart = Chart((Cells.of(table, LEGEND, title),))
    return Finding(_verdict(changed), reading, chart, values)


def opened(where: Conditions, width: int) -> tuple[model.Model, Tensor]:
    """Draw the model and its prompts, (PROMPTS, LENGTH)."""
    drawn = model.build(width, layers=1, vocabulary=VOCABULARY, places=LENGTH + COUNT, heads=1)
    drawn = drawn.to(where.torch_device, where.torch_dtype)
    prompts = torch.randint(VOCABULARY, (PROMPTS, LENGTH))
    return drawn, prompts.to(where.torch_device)


def text(small: model.Model, prompts: Tensor, linear: model.Linear) -> Tensor:
    """Continue the prompts greedily, with attention that treats each row by itself."""
    with torch.no_grad():
        return model.greedy(small, prompts, COUNT, linear=linear, attention=library.attend)


def _parted(same: Tensor) -> list[tuple[Tensor, int]]:
    return [(row, int(row.logical_not().nonzero()[0])) for row in same if not row.all()]


def _verdict(changed: int) -> str:
    if changed:
        return "Some prompts get another text in a batch than alone, and nothing was drawn."
    return "Every prompt gets the same text alone and in a batch."


ALONE = Experiment(
    "alone_or_in_a_batch",
    "Does a prompt get the same text alone and in a batch?",
    "number of prompts in a call",
    (
        Choice("order", BY_ROWS, ORDERS, label="order of addition"),
        Choice("accumulator", ROUNDED, ACCUMULATORS),
        Choice("width", 32, (32, 128, 512), ordered=True),
        Seed(4),
        Dtype("bfloat16", ("float32", "bfloat16", "float16")),
        DeviceChoice(),
    ),
    decode,
    recorded={"order": TORCH, "width": 512},
)
