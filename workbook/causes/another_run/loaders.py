"""Loading the same items with and without worker processes: order, draws, and items served twice.

Owns one experiment. The factor is the number of workers; seed, items and batches are the same. The
datasets stand in a module because a worker that is started anew has to import them.
"""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, Toggle
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted

ITEMS, BATCH, EPOCHS = 16, 4, 2
ORDER, GENERATOR_ORDER = "order of the items", "order with generator="
GLOBAL, KEYED = "what torch.rand adds to item k", "what a generator of (seed, epoch, k) adds"
ONCE, AFTER = "an iterable dataset's items", "torch.rand after the epoch"
LEGEND: dict[Kind, str] = {"agrees": "as without workers", "differs": "other than without workers"}


class Drawing(Dataset[tuple[Tensor, ...]]):
    """Item k with a number from torch's generator and one from a generator of its own."""

    def __init__(self, seed: int) -> None:
        self.seed, self.epoch = seed, torch.zeros((), dtype=torch.int64)
        self.epoch.share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return ITEMS

    def __getitem__(self, k: int) -> tuple[Tensor, ...]:
        key = np.random.SeedSequence((self.seed, int(self.epoch), k)).generate_state(1)
        own = torch.Generator().manual_seed(int(key[0]))
        return torch.tensor(k), torch.rand(()), torch.rand((), generator=own)


class Stream(IterableDataset[int]):
    """The items one after another, as each worker that iterates gives them."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(ITEMS))


Epoch = dict[str, object]


def load(where: Conditions, *, workers: int, persistent: bool) -> Finding:
    """Load two epochs without workers and with them, and compare each part of each epoch."""
    seed = where.seed or 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns where there are fewer cores than workers
        without, with_workers = _epochs(seed, 0, False), _epochs(seed, workers, persistent)
    same = {
        part: [a[part] == b[part] for a, b in zip(without, with_workers, strict=True)]
        for part in without[0]
    }
    table = {
        part: {
            f"epoch {n}": Cell("the same" if fine else _other(part, workers),
                               "agrees" if fine else "differs")
            for n, fine in enumerate(each, 1)
        }
        for part, each in same.items()
    }  # fmt: skip
    served = with_workers[0][ONCE]
    values = {"same": same, "served": served}
    kept = [part for part, each in same.items() if all(each)]
    reading = "as without workers: " + (", ".join(kept) or "nothing")
    title = f"{counted(workers, 'worker')} against none"
    return Finding(_verdict(same), reading, Chart((Cells.of(table, LEGEND, title),)), values)


def _other(part: str, workers: int) -> str:
    return f"each {workers} times" if part == ONCE else "others"


def _epochs(seed: int, workers: int, persistent: bool) -> list[Epoch]:
    """Load with the global generator, with one of its own, and from an iterable dataset."""
    stay = persistent and workers > 0
    torch.manual_seed(seed)
    data = Drawing(seed)
    # With a generator of its own: it takes no number from the stream that is looked at.
    streamed = DataLoader(Stream(), num_workers=workers, generator=torch.Generator())
    loader = DataLoader(data, BATCH, True, num_workers=workers, persistent_workers=stay)
    own = torch.Generator().manual_seed(seed)
    shuffled = DataLoader(
        data, BATCH, True, num_workers=workers, persistent_workers=stay, generator=own
    )
    epochs: list[Epoch] = []
    for epoch in range(EPOCHS):
        data.epoch.fill_(epoch)
        others = iter(shuffled), iter(streamed)  # their workers start while the first are read
        items, drawn, keyed = (torch.cat(part) for part in zip(*loader, strict=True))
        after = torch.rand(()).item()
        by_item = items.argsort()
        epochs.append({
            ORDER: items.tolist(),
            GENERATOR_ORDER: torch.cat([batch[0] for batch in others[0]]).tolist(),
            GLOBAL: drawn[by_item].tolist(),
            KEYED: keyed[by_item].tolist(),
            AFTER: after,
            ONCE: sorted(torch.cat(list(others[1])).tolist()),
        })  # fmt: skip
    return epochs


def _verdict(same: dict[str, list[bool]]) -> str:
    changed = [part for part, each in same.items() if not each[0]]
    later = [part for part, each in same.items() if each[0] and not all(each)]
    words = f"Changed: {', '.join(changed) or 'nothing'}"
    return f"{words}; from the second epoch on also: {', '.join(later)}." if later else f"{words}."


WORKERS = Experiment(
    "workers",
    "What is other than without workers?",
    "the number of worker processes",
    (
        Choice("workers", 2, (1, 2, 4), ordered=True),
        Toggle("persistent", False, label="persistent workers"),
    ),
    load,
)
