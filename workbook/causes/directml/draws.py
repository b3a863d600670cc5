"""Random numbers and dropout masks: whose generator a device draws from.

Owns one experiment. The seed is the same on both sides; the factor is the device. A second draw
without seeding shows whether both sides share one stream.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from workbook.causes.directml.sides import DEVICES, title
from workbook.chart import Cells, Chart
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Seed
from workbook.experiment import Experiment
from workbook.result import Finding

COUNT = 256
DRAWS: tuple[tuple[str, Callable[[torch.device], Tensor]], ...] = (
    ("torch.rand", lambda there: torch.rand(COUNT, device=there)),
    ("torch.randn", lambda there: torch.randn(COUNT, device=there)),
    ("dropout mask", lambda there: torch.nn.functional.dropout(torch.ones(COUNT).to(there))),
)
KINDS = ("", "the CPU's numbers", "other numbers")


def draws(where: Conditions) -> Finding:
    """Draw on the CPU, then on the device after the same seed, then on without seeding."""
    seed, cpu = where.seed or 0, torch.device("cpu")
    seeded: dict[str, Comparison] = {}
    going_on: dict[str, Comparison] = {}
    for name, draw in DRAWS:
        torch.manual_seed(seed)
        here = draw(cpu)
        torch.manual_seed(seed)
        there, further = (draw(where.torch_device).cpu() for _ in range(2))
        seeded[name] = compare(here, there, first="CPU", second=title(where))
        going_on[name] = compare(here, further, first="CPU", second="the next draw")
    grid = [[seeded[name].identical, going_on[name].identical] for name, _ in DRAWS]
    text = tuple(tuple("the CPU's" if same else "others" for same in line) for line in grid)
    shades = tuple(tuple(1 if same else 2 for same in line) for line in grid)
    columns = ("after the same seed", "the next draw, not seeded")
    rows = tuple(name for name, _ in DRAWS)
    chart = Chart(
        (Cells.shaded(rows, columns, shades, text, KINDS, f"drawn on the {title(where)}"),)
    )
    same = sum(one.identical for one in seeded.values())
    reading = f"{same} of {len(DRAWS)} kinds of draw give the CPU's numbers after seed {seed}"
    values = {name: one.identical for name, one in seeded.items()}
    return Finding(_verdict(same), reading, chart, values, tuple(seeded.values()))


def _verdict(same: int) -> str:
    if same == len(DRAWS):
        return "After the same seed the device draws the CPU's numbers and drops the same elements."
    if same == 0:
        return "After the same seed the device draws numbers of its own: it has its own generator."
    return "After the same seed some kinds of draw give the CPU's numbers and others do not."


DRAWS_ON_BOTH = Experiment(
    name="draws_on_both_sides",
    question="Does one seed draw the same numbers on both sides?",
    factor="device",
    controls=(DEVICES, Seed()),
    measure=draws,
)
