"""Generators beside torch's own: whom a seed reaches, in this process and in a loader's workers.

Owns two experiments. The factor of the first is the seeding call, of the second the generator that
a dataset draws from.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from workbook.causes.linear_init.loaders import loader_of, started
from workbook.causes.linear_init.names import KINDS, SEEN, named
from workbook.chart import Cell, Cells, Chart
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice
from workbook.experiment import Experiment
from workbook.result import Finding

TORCH, OWN = "torch.rand", "own torch.Generator"
KEPT = "kept in the dataset"
DRAWN = (KEPT, "torch.rand", "np.random.rand", "random.random")
HEADS = ("default_rng(0) in the dataset", *DRAWN[1:])
NOTHING, NEW_GENERATOR = INIT = "left as it is", "a new generator in each worker"
ITEMS = 2


def who_repeats(where: Conditions) -> Finding:
    """Seed, draw, seed, draw: a source repeats if both draws are equal."""
    seed = where.seed or 0
    own = torch.Generator().manual_seed(seed)
    place = where.torch_device
    sources: dict[str, Callable[[], float]] = {
        TORCH: lambda: torch.rand(()).item(),
        f"torch.rand on {where.device}": lambda: torch.rand((), device=place).item(),
        OWN: lambda: torch.rand((), generator=own).item(),
        "np.random.rand": np.random.rand,
        "np.random.default_rng()": lambda: np.random.default_rng().random(),
        "random.random": random.random,
    }
    if where.device == "cpu":
        del sources["torch.rand on cpu"]
    seeding: dict[str, tuple[Callable[[int], Any], ...]] = {
        "torch.manual_seed": (torch.manual_seed,),
        "np.random.seed": (np.random.seed,),
        "random.seed": (random.seed,),
        "own.manual_seed": (own.manual_seed,),
        "all four": (torch.manual_seed, np.random.seed, random.seed, own.manual_seed),
    }
    repeats = {
        words: {name: _repeats(draw, seeders, seed) for name, draw in sources.items()}
        for words, seeders in seeding.items()
    }
    reached = [name for name, same in repeats["torch.manual_seed"].items() if same]
    reading = f"{len(reached)} of {len(sources)} sources follow torch.manual_seed"
    return Finding(_verdict(reached), reading, values=repeats)


def _repeats(
    draw: Callable[[], float], seeders: tuple[Callable[[int], Any], ...], seed: int
) -> bool:
    drawn = []
    for _ in range(2):
        for seeder in seeders:
            seeder(seed)
        drawn.append(draw())
    return drawn[0] == drawn[1]


def _verdict(reached: list[str]) -> str:
    if reached and all(name.startswith(TORCH) for name in reached):
        return "torch.manual_seed reaches torch's default generators and nobody else's."
    return f"torch.manual_seed reaches {', '.join(reached) or 'nobody'}."


class Draws(Dataset[tuple[float, ...]]):
    """Two items; each is one number from each of DRAWN."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)

    def __len__(self) -> int:
        return ITEMS

    def __getitem__(self, index: int) -> tuple[float, ...]:
        return self.generator.random(), torch.rand(()).item(), np.random.rand(), random.random()


def give_own_generator(worker: int) -> None:
    """Replace the copied generator by one seeded as this worker's torch is: base seed + worker."""
    info = get_worker_info()
    if info is not None:
        dataset: Any = info.dataset
        dataset.generator = np.random.default_rng(torch.initial_seed())


def who_shares(where: Conditions, *, workers: int, init: str) -> Finding:
    """Read a dataset with a loader: twice in one run, once in a second run from the same seed."""
    read_by_epoch: dict[str, Iterable[tuple[float, ...]]] = {}
    who = "worker" if workers else "item"
    for run, epochs in ((1, 2), (2, 1)):
        torch.manual_seed(where.seed or 0)
        own = give_own_generator if init == NEW_GENERATOR else None
        loader = loader_of(Draws(), workers, worker_init_fn=own)
        for epoch in range(1, epochs + 1):
            read_by_epoch[f"run {run}, epoch {epoch}"] = started(loader)
    table = {
        f"{epoch}, {who} {number}": item
        for epoch, items in read_by_epoch.items()
        for number, item in enumerate(items, 1)
    }
    columns = zip(*table.values(), strict=True)
    marked = [named(column, letter) for column, letter in zip(columns, "abcd", strict=True)]
    lines = (dict(zip(HEADS, cells, strict=True)) for cells in zip(*marked, strict=True))
    chart = Chart(
        (Cells.of(dict(zip(table, lines, strict=True)), KINDS, "equal names: equal numbers"),)
    )
    values = {
        name: {
            "within_a_run": any(cell.kind == SEEN for cell in column[: 2 * ITEMS]),
            "next_run_repeats": _texts(column[:ITEMS]) == _texts(column[-ITEMS:]),
        }
        for name, column in zip(DRAWN, marked, strict=True)
    }
    of = ((name, len(set(_texts(column)))) for name, column in zip(HEADS, marked, strict=True))
    reading = "different numbers in six draws: " + ", ".join(f"{name} {n}" for name, n in of)
    return Finding(_workers_verdict(values), reading, chart, values)


def _texts(cells: list[Cell]) -> list[str]:
    return [cell.text for cell in cells]


def _workers_verdict(values: dict[str, dict[str, bool]]) -> str:
    doubled = [name for name, row in values.items() if row["within_a_run"]]
    lost = [name for name, row in values.items() if not row["next_run_repeats"]]
    told = f" The next run does not repeat {' and '.join(lost)}." if lost else ""
    if doubled == [KEPT]:
        return f"The generator kept in the dataset gives each worker and epoch the same draw.{told}"
    if doubled:
        return f"The same numbers come twice from {', '.join(doubled)}.{told}"
    return f"No numbers come twice within a run.{told or ' The next run repeats them all.'}"


SEEDED = Experiment(
    name="who_repeats",
    question="Which generators does a seeding call reach?",
    factor="seeding call",
    controls=(DeviceChoice(),),
    measure=who_repeats,
)
WORKERS = Experiment(
    name="loader_workers",
    question="Which numbers do the workers of a DataLoader draw?",
    factor="generator",
    controls=(
        Choice("init", NOTHING, INIT, label="worker_init_fn"),
        Choice("workers", 2, (0, 2), ordered=True),
    ),
    measure=who_shares,
)
