"""One batch on several ranks: the gradient that they average, and that of the whole batch.

Owns one experiment. The factor is the number of ranks among which the same rows are divided.
"""

import torch
from torch import Tensor, nn

from workbook.causes.another_run.ranks import summed
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

ROWS, LARGE = 48, 40  # rows of the batch, and of the first of unequal shards
WORLDS = (1, 2, 3, 4)
ON_GPUS = (1, 2)  # ranks with a GPU each: few machines have more
EQUAL, UNEQUAL = "equal", f"{LARGE} rows, and the others share {ROWS - LARGE}"
DIVISIONS = EQUAL, UNEQUAL
MEANS, WEIGHTED, SUMS = "mean of the ranks' means", "means weighted by rows", "sum, not divided"
SUMMED = "mean, where each loss is a sum"
PLAIN, BATCH_NORM = "none", "batch normalization of each rank's rows"
LOWEST, HIGHEST = 1e-17, 100.0
SHRINKS = 2.0**-20  # float64 has 29 bits more than float32: rounding shrinks by nearly as many
UNIT = 2.0**-24  # of float32; a smaller difference counts as this one


def sizes(world: int, shards: str) -> list[int]:
    """Say how many of the rows each rank gets, in order."""
    if shards == EQUAL or world == 1:
        return [ROWS // world] * world
    rest = [(ROWS - LARGE) // (world - 1)] * (world - 1)
    return [LARGE, *rest[:-1], ROWS - LARGE - sum(rest[:-1])]


def divide(where: Conditions, *, shards: str, average: str, layer: str) -> Finding:
    """Compute each rank's gradient, add them up by gloo, and compare with one process."""
    device = where.device or "cpu"
    worlds = ON_GPUS if device == "cuda" else WORLDS
    x, y = (torch.rand(ROWS, n, dtype=torch.float64).to(where.torch_device) for n in (16, 1))
    middle = [nn.BatchNorm1d(32)] if layer == BATCH_NORM else []
    model = nn.Sequential(nn.Linear(16, 32), *middle, nn.Tanh(), nn.Linear(32, 1))
    model.to(where.torch_device)
    apart: dict[torch.dtype, list[float]] = {torch.float32: [], torch.float64: []}
    equal_on_ranks = True
    whole = [gradient * (ROWS if average == SUMMED else 1) for gradient in _each(model, x, y)]
    for world in worlds:
        lots: list[list[Tensor]] = [[], []]  # in float32, in float64
        pieces = (torch.split(each, sizes(world, shards)) for each in (x, y))
        for rows, targets in zip(*pieces, strict=True):
            for lot, gradient in zip(lots, _each(model, rows, targets), strict=True):
                lot.append(gradient * _weight(len(rows), average))
        # What a single rank has is the sum already.
        added = summed(lots, device) if world > 1 else lots
        for gaps, sums, right in zip(apart.values(), added, whole, strict=True):
            equal_on_ranks &= all(bits_equal(got, sums[0]) for got in sums)
            mean = sums[0] / (world if average in (MEANS, SUMMED) else 1)
            gaps.append(float((mean - right).abs().max() / right.abs().max()))
    single, double = apart.values()
    rounding = [d <= max(s, UNIT) * SHRINKS for s, d in zip(single, double, strict=True)]
    reading = ", ".join(
        f"{w} ranks: {gap:.1g}" for w, gap in zip(worlds[1:], single[1:], strict=True)
    )
    values = {"rounding": rounding, "apart": single, "equal on all ranks": equal_on_ranks}
    return Finding(_verdict(rounding, equal_on_ranks), reading, _chart(apart), values)


def _each(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    """Compute the gradient of the mean loss, (n,), in float32 and in float64."""
    gradients = []
    for dtype in (torch.float32, torch.float64):
        loss = (model.to(dtype)(x.to(dtype)) - y.to(dtype)).square().mean()
        parts = torch.autograd.grad(loss, list(model.parameters()))
        gradients.append(torch.cat([part.flatten() for part in parts]))
    return gradients


def _weight(rows: int, average: str) -> float:
    return {WEIGHTED: rows / ROWS, SUMMED: float(rows)}.get(average, 1.0)


def _verdict(rounding: list[bool], equal_on_ranks: bool) -> str:
    if not equal_on_ranks:
        return "The ranks hold different sums."
    if all(rounding[1:]):
        return "Every number of ranks gives the gradient of the whole batch, but for rounding."
    if not any(rounding[1:]):
        return "Two or more ranks give another gradient, and rounding does not explain it."
    kept = ", ".join(str(w) for w, fine in zip(WORLDS, rounding, strict=False) if fine)
    return f"The gradient of the whole batch, but for rounding, with this many ranks: {kept}."


def _chart(apart: dict[torch.dtype, list[float]]) -> Chart:
    series = []
    for dtype, gaps in apart.items():
        name = str(dtype).removeprefix("torch.")
        series.append(Series(name, WORLDS[: len(gaps)], gaps, "points"))
    label = "apart from the whole batch (of the largest entry)"
    axes = Axis("ranks", 0.5, 4.5, ticks=tuple((float(w), str(w)) for w in WORLDS))
    return Chart((Panel(axes, Axis(label, LOWEST, HIGHEST, log=True), tuple(series)),))


SHARDS = Experiment(
    "shards",
    "Does the number of ranks change the gradient?",
    "the number of ranks among which one batch is divided",
    (
        Choice("shards", EQUAL, DIVISIONS, label="shards"),
        Choice("average", MEANS, (MEANS, WEIGHTED, SUMS, SUMMED), label="what is averaged"),
        Choice("layer", PLAIN, (PLAIN, BATCH_NORM), label="layer between"),
        DeviceChoice("cpu", ("cpu", "cuda")),
        Seed(),
    ),
    divide,
)
