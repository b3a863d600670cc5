"""What DistributedDataParallel keeps equal on all ranks, and what it leaves to each of them.

Owns one experiment. The factor is whether a rank's model is wrapped; models, rows and seeds are the
same.
"""

import inspect
from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from workbook.causes.another_run.ranks import ranked, seat
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Toggle
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

SYNC = "forward_sync_buffers"  # since torch 2.13
if SYNC not in inspect.signature(DistributedDataParallel).parameters:
    SYNC = "broadcast_buffers"
WORLD, ROWS = 2, 8  # ranks, and rows for each
START, GRADIENTS, LATER = "first weights", "gradients", "gradient of a weight added afterwards"
AFTER, NEXT = "statistics after a step", "statistics at the next step"
PARTS = START, GRADIENTS, LATER, AFTER, NEXT
BARE, WRAPPED = "not wrapped", "wrapped"
CELLS = {True: Cell("equal", "agrees"), False: Cell("differ", "differs")}
LEGEND: dict[Kind, str] = {"agrees": "the same bits on all ranks", "differs": "other bits"}


class Net(nn.Module):
    """Two layers with batch normalization between them, and a factor if one is set as `later`."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)
        self.begins: list[Tensor] = []  # the statistics that each step began with
        self.rows = 0  # that the last step was given

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, 4) to (n, 1)."""
        self.rows = len(x)
        self.begins.append(_flat(self.norm.buffers()))
        y: Tensor = self.last(self.norm(self.first(x))) * getattr(self, "later", 1.0)
        return y


def wrap(where: Conditions, *, buffers: bool) -> Finding:
    """Take one step on ranks with seeds and rows of their own, without the wrapper and with it."""
    device, equal = where.device or "cpu", {part: dict[str, bool]() for part in PARTS}
    rows = torch.rand(WORLD, ROWS, 4)
    for way in (BARE, WRAPPED):
        models = []
        for rank in range(WORLD):  # here, and not on the ranks: they share torch's generator
            torch.manual_seed((where.seed or 0) + rank)
            models.append(Net())
        options: dict[str, Any] = {} if buffers else {SYNC: False}
        wrapper = partial(DistributedDataParallel, **options)
        step = partial(_step, models, rows, device, wrapper if way == WRAPPED else None)
        kept = ranked(WORLD, step, device)
        for part in PARTS:
            equal[part][way] = all(bits_equal(each[part], kept[0][part]) for each in kept)
    table = {part: {way: CELLS[same] for way, same in line.items()} for part, line in equal.items()}
    seen = models[0].rows
    reading = f"each of {WORLD} ranks was given {ROWS} rows, and its model saw {seen}"
    values = {"equal": equal, "rows given": ROWS, "rows seen": seen}
    return Finding(_verdict(equal), reading, Chart((Cells.of(table, LEGEND),)), values)


def _step(
    models: list[Net], rows: Tensor, device: str, wrapper: Any, rank: int, group: Any
) -> dict[str, Tensor]:
    """Take a step on one rank, and begin another; give each part that the ranks may share."""
    place = seat(device, rank)
    model, x = models[rank].to(place), rows[rank].to(place)
    run = model if wrapper is None else wrapper(model, process_group=group)
    weights = list(model.parameters())
    kept = {START: _flat(weights)}
    model.later = nn.Parameter(torch.ones((), device=place))
    run(x).square().mean().backward()
    kept[GRADIENTS] = _flat(each.grad for each in weights if each.grad is not None)
    kept[LATER] = _flat(each.grad for each in [model.later] if each.grad is not None)
    kept[AFTER] = _flat(model.norm.buffers())
    run(x)
    return {**kept, NEXT: model.begins[1]}


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    """Copy all numbers into one tensor, (n,)."""
    return torch.cat([each.detach().flatten().double() for each in tensors])


def _verdict(equal: dict[str, dict[str, bool]]) -> str:
    made = [part for part, line in equal.items() if line[WRAPPED] and not line[BARE]]
    left = [part for part, line in equal.items() if not line[WRAPPED]]
    return f"The wrapper makes equal: {', '.join(made) or 'nothing'}; not: {', '.join(left)}."


WRAPPER = Experiment(
    "wrapper",
    "What does DistributedDataParallel keep equal on all ranks?",
    "whether each rank's model is wrapped",
    (
        Toggle("buffers", True, label="rank 0 sends its statistics"),
        DeviceChoice("cpu", ("cpu", "cuda")),
    ),
    wrap,
    unmoved={"device": "NCCL on two GPUs keeps equal what gloo keeps equal."},
)
