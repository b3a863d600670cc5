"""What PyTorch's documents state of a DataLoader: one of its settings changes, and who gets what.

Owns one experiment. The factor is the setting chosen; data, seed and everything else stay. Every
item is a whole number or a worker's own seed, so that nothing here rounds.
"""

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ORDER = "num_workers=2, shuffled"
COPIES = "num_workers=2, iterable dataset"
DROPPED = "num_workers=2, iterable dataset in shards, drop_last"
ITERATOR = "an iterator is made, shuffle=False"
GENERATOR = "generator=a seeded one, num_workers=2"
SEEDS = "num_workers=2, each worker's seed"
ITEMS = 6

# Linux starts workers in milliseconds by a fork; elsewhere, each system's own way is taken.
FORK = sys.platform == "linux" and "fork" in multiprocessing.get_all_start_methods()


class Numbers(Dataset[int]):
    """The whole numbers below ITEMS."""

    def __len__(self) -> int:
        return ITEMS

    def __getitem__(self, index: int) -> int:
        return index


class Drawn(Numbers):
    """Each item is a number drawn by the worker's own generator."""

    def __getitem__(self, index: int) -> int:
        return int(torch.randint(2**31, ()))


class Seeds(Numbers):
    """Each item is the torch seed of the process that makes the item, less the worker's number."""

    def __getitem__(self, index: int) -> int:
        info = get_worker_info()
        return torch.initial_seed() - (info.id if info else 0)


class Stream(IterableDataset[int]):
    """The whole numbers below ITEMS, whole or in shards, one shard for each worker."""

    def __init__(self, *, shards: bool) -> None:
        self.shards = shards

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info() if self.shards else None
        return iter(range(ITEMS) if info is None else range(info.id, ITEMS, info.num_workers))


def loader_settings(where: Conditions, *, setting: str) -> Finding:
    """Read the same data twice, without and with one setting of the loader."""
    without, changed = SETTINGS[setting](where.seed or 0)
    same = without == changed
    values = {"without": without, "with": changed, "same": same}
    verdict = f"{WORDS[setting][0 if same else 1]}."
    return Finding(verdict, f"{len(without)} and {len(changed)} items", values=values)


def _order(seed: int) -> tuple[list[int], list[int]]:
    return _seeded(seed, Numbers(), shuffle=True), _seeded(seed, Numbers(), 2, shuffle=True)


def _copies(seed: int) -> tuple[list[int], list[int]]:
    stream = Stream(shards=False)
    return sorted(_seeded(seed, stream)), sorted(_seeded(seed, stream, 2))


def _dropped(seed: int) -> tuple[list[int], list[int]]:
    """Read shards of three items each, two at a time: each worker drops the odd item."""
    options = {"batch_size": 2, "drop_last": True}
    stream = Stream(shards=True)
    return _seeded(seed, stream, **options), sorted(_seeded(seed, stream, 2, **options))


def _iterator(seed: int) -> tuple[list[int], list[int]]:
    """Draw in the main process after a loader was made, and after the loader was iterated too."""
    drawn = []
    for iterate in (False, True):
        torch.manual_seed(seed)
        loader = loader_of(Numbers(), 0)
        if iterate:
            iter(loader)
        drawn.append([int(torch.randint(2**31, ()))])
    return drawn[0], drawn[1]


def _generator(seed: int) -> tuple[list[int], list[int]]:
    """Run twice from unlike global seeds: 1 for each draw that both runs have, 0 for the others."""
    rows = []
    for own in (False, True):
        runs = []
        for number in range(2):
            torch.manual_seed(seed + number)
            generator = torch.Generator().manual_seed(seed) if own else None
            runs.append(_items(loader_of(Drawn(), 2, generator=generator)))
        rows.append([int(a == b) for a, b in zip(*runs, strict=True)])
    return rows[0], rows[1]


def _seeds(seed: int) -> tuple[list[int], list[int]]:
    """Count the loader's base seeds in its items, which two workers make in turn."""
    main, workers = _seeded(seed, Seeds()), _seeded(seed, Seeds(), 2)
    return [len(set(main))], [len(set(workers))]


def _seeded(seed: int, data: Dataset[int], workers: int = 0, **options: Any) -> list[int]:
    torch.manual_seed(seed)
    return _items(loader_of(data, workers, **options))


def loader_of(data: Dataset[Any], workers: int, **options: Any) -> DataLoader[Any]:
    """Make a loader of single items, whose workers start in this system's quickest way."""
    options = {"batch_size": None, "num_workers": workers, **options}
    if workers and FORK:
        options.setdefault("multiprocessing_context", "fork")
    with warnings.catch_warnings():  # fewer cores than workers: slower, and the same items
        warnings.filterwarnings("ignore", "This DataLoader will create")
        return DataLoader(data, **options)


def read(loader: DataLoader[Any]) -> list[Any]:
    """Read every item."""
    with warnings.catch_warnings():  # as in loader_of: the loader warns again when read
        warnings.filterwarnings("ignore", "This DataLoader will create")
        return list(loader)


def started(loader: DataLoader[Any]) -> Iterable[Any]:
    """Start a loader's workers and give what reads their items; without workers, read every item.

    Workers need nothing of the main process's generators after that, so that several loaders'
    workers can run at once.
    """
    if not loader.num_workers:
        return read(loader)
    with warnings.catch_warnings():  # as in loader_of
        warnings.filterwarnings("ignore", "This DataLoader will create")
        return iter(loader)


def _items(loader: DataLoader[int]) -> list[int]:
    return [int(number) for item in read(loader) for number in torch.as_tensor(item).flatten()]


SETTINGS: dict[str, Callable[[int], tuple[list[int], list[int]]]] = {
    ORDER: _order,
    COPIES: _copies,
    DROPPED: _dropped,
    ITERATOR: _iterator,
    GENERATOR: _generator,
    SEEDS: _seeds,
}
# What is said where both rows are the same, and where they are not.
WORDS = {
    ORDER: (
        "The main process shuffles, so two workers bring the items in the same order",
        "The number of workers changed the order of the items",
    ),
    COPIES: (
        "Each item comes once, however many workers there are",
        "Every worker reads the whole iterable dataset, so each item comes once for each worker",
    ),
    DROPPED: (
        "The same items are dropped with and without workers",
        "Each worker drops its own incomplete batch, so fewer items arrive",
    ),
    ITERATOR: (
        "Making an iterator draws nothing from the global generator",
        "Making an iterator draws from the global generator, so that later draws are others",
    ),
    GENERATOR: (
        "The loader's generator does not decide what its workers draw",
        "With a seeded generator of its own, a loader's workers draw the same in every run",
    ),
    SEEDS: (
        "All workers' seeds are one base seed plus the worker's number",
        "The workers' seeds do not come from one base seed",
    ),
}
LOADER_SETTINGS = Experiment(
    name="loader_settings",
    question="What does one setting of a DataLoader change?",
    factor="the setting",
    controls=(Choice("setting", ORDER, tuple(SETTINGS)), Seed()),
    measure=loader_settings,
)
