"""How DistributedDataParallel packs gradients: which of its options change their bits?

Owns one experiment. The factor is one option of the wrapper; model, rows, seed and the number of
ranks are the same. The gradients are those of the second step: the wrapper packs the first ones
before it knows in which order they come.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from workbook.causes.another_run.ranks import ranked
from workbook.causes.another_run.shards import SHRINKS, UNIT
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits
from workbook.result import Finding
from workbook.wording import percent

BRANCHES, WIDTH, ROWS = 4, 16, 48
SMALL, VIEW, TURNED = "bucket_cap_mb=0.001", "gradient_as_bucket_view=True", "other order of layers"
OPTIONS: dict[str, dict[str, Any]] = {
    SMALL: {"bucket_cap_mb": 0.001},
    VIEW: {"gradient_as_bucket_view": True},
    TURNED: {},
}
SHARE, LARGEST = "other bits", "largest difference"
LEGEND: dict[Kind, str] = {
    "agrees": "as with the wrapper's own options, in every bit",
    "within the bound": "other bits, and in float64 the difference shrinks: rounding",
    "wrong": "other bits, and float64 does not help",
}


class Branches(nn.Module):
    """Layers side by side, whose gradients are ready in the reverse of the order of running."""

    turned = False

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(BRANCHES))

    def forward(self, x: Tensor) -> Tensor:
        """Add up what the layers make of (n, WIDTH)."""
        layers = list(self.layers)[:: -1 if self.turned else 1]
        return torch.stack([layer(x).tanh().square().mean() for layer in layers]).sum()


def pack(where: Conditions, *, ranks: int) -> Finding:
    """Compute the gradients with each option and without, and once more in float64."""
    model, x = Branches(), torch.rand(ROWS, WIDTH, dtype=torch.float64)
    apart: dict[torch.dtype, dict[str, float]] = {torch.float32: {}, torch.float64: {}}
    share: dict[str, float] = {}
    equal_on_ranks = repeats = True
    for dtype, gaps in apart.items():
        usual, again, *others = gradients(model.to(dtype), x.to(dtype), ranks)
        repeats &= torch.equal(usual[0], again[0])
        for name, got in zip(OPTIONS, others, strict=True):
            equal_on_ranks &= all(torch.equal(each, got[0]) for each in got)
            gaps[name] = float((got[0] - usual[0]).abs().max() / usual[0].abs().max())
            if dtype == torch.float32:
                share[name] = float((bits(got[0]) != bits(usual[0])).double().mean())
    single, double = apart.values()
    rounding = {name: double[name] <= max(gap, UNIT) * SHRINKS for name, gap in single.items()}
    table = {name: _row(share[name], single[name], rounding[name]) for name in OPTIONS}
    values = {
        "share": share,
        "rounding": rounding,
        "equal on all ranks": equal_on_ranks,
        "repeats": repeats,
    }
    reading = f"{ranks} ranks, {len(usual[0])} gradients; other bits in " + ", ".join(
        f"{percent(each)} ({name})" for name, each in share.items()
    )
    chart = Chart((Cells.of(table, LEGEND, "entries of the gradient, against the usual options"),))
    return Finding(_verdict(ranks, share, rounding), reading, chart, values)


def gradients(model: Branches, x: Tensor, ranks: int) -> list[list[Tensor]]:
    """Give the gradient, (n,), that each rank has after its second step, for each way to pack it.

    The ways are the wrapper's own options, these again, and `OPTIONS` in order.
    """

    def second(rank: int, group: Any, name: str) -> Tensor:
        mine = copy.deepcopy(model)
        mine.turned = name == TURNED and rank % 2 == 1
        run = DistributedDataParallel(mine, process_group=group, **OPTIONS.get(name, {}))
        for _ in range(2):
            mine.zero_grad()
            run(x.chunk(ranks)[rank]).backward()
        return torch.cat([p.grad.flatten() for p in mine.parameters() if p.grad is not None])

    def each(rank: int, group: Any) -> list[Tensor]:
        return [second(rank, group, name) for name in ("", "", *OPTIONS)]

    return [list(way) for way in zip(*ranked(ranks, each), strict=True)]


def _row(share: float, gap: float, rounding: bool) -> dict[str, Cell]:
    kind: Kind = "agrees" if not share else "within the bound" if rounding else "wrong"
    return {
        SHARE: Cell(percent(share) if share else "none", kind),
        LARGEST: Cell(f"{gap:.1g} of the largest" if share else "0", kind),
    }


def _verdict(ranks: int, share: dict[str, float], rounding: dict[str, bool]) -> str:
    changed = [name for name, each in share.items() if each]
    if not changed:
        return f"With {ranks} ranks no option changes a bit of the gradient."
    how = "by rounding" if all(rounding[name] for name in changed) else "by more than rounding"
    return f"With {ranks} ranks this option changes the gradient, {how}: {', '.join(changed)}."


BUCKETS = Experiment(
    "buckets",
    "Can the way in which gradients are packed change them?",
    "one option of the wrapper",
    (Choice("ranks", 3, (2, 3, 4), ordered=True),),
    pack,
)
