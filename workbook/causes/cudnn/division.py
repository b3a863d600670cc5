"""How a library divides the work: among threads, along memory, over a batch.

Owns one experiment. The factor is the division, and with it the order of the additions; numbers,
operation and device stay.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.bounds import Bound, matmul_bound, sum_bound
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

Ways = tuple[dict[str, Tensor], Bound]


def _by_threads(where: Conditions) -> Ways:
    x = torch.rand(2**18).to(where.torch_device)
    found = {}
    for threads in (1, 2, 3, 4):
        with where.replace(threads=threads):
            found[f"{threads}"] = x.sum().reshape(1).cpu()
    return found, sum_bound(x.cpu(), "float32", depth="any")


def _by_layout(where: Conditions) -> Ways:
    x = torch.rand(200, 300).to(where.torch_device)
    padded = x.new_zeros(200, 320)
    padded[:, :300] = x
    layouts = {
        "rows": x,
        "columns": x.t().contiguous().t(),
        "padded rows": padded[:, :300],
        "every other": torch.stack([x, x], 2)[:, :, 0],
    }
    return {name: one.sum(1).cpu() for name, one in layouts.items()}, sum_bound(
        x.cpu(), "float32", 1, depth="any"
    )


def _by_batch(where: Conditions) -> Ways:
    x, w = (torch.rand(64, 512) - 0.5 for _ in range(2))
    there = x.to(where.torch_device), w.to(where.torch_device)
    found = {f"{n}": F.linear(there[0][:n], there[1])[:1].cpu() for n in (1, 2, 4, 8, 16, 64)}
    return found, matmul_bound(x[:1], w.T, "float32")


# What is divided, the words for it on the axis, and how.
WAYS: dict[str, tuple[str, Callable[[Conditions], Ways]]] = {
    "threads": ("threads that add up one sum", _by_threads),
    "layout": ("where the rows lie that are summed", _by_layout),
    "batch": ("rows given to Linear; the first is compared", _by_batch),
}


def divide(where: Conditions, *, by: str) -> Finding:
    """Compute the same numbers under several divisions of the work, and compare with the first."""
    label, measure = WAYS[by]
    found, bound = measure(where)
    first, *_ = found
    compared = tuple(
        compare(one, found[first], bound=bound + bound, first=name, second=first)
        for name, one in found.items()
    )
    places = tuple(float(place) for place in range(len(found)))
    shares = tuple(one.bound_used or 0.0 for one in compared)
    points = Series("largest difference from the first", places, shares, "points")
    limit = Series("the bound for any order", (), (1.0,), "rule")
    x = Axis(label, -0.5, len(found) - 0.5, ticks=tuple(zip(places, found, strict=True)))
    y = Axis("share of the bound", 1e-7, 10, log=True)
    others = [one.first for one in compared if not one.identical]
    reading = f"other bits than {first}: {', '.join(others) or 'none'}"
    values = {"other_bits": others, "largest": max(shares)}
    verdict = _verdict(compared)
    return Finding(verdict, reading, Chart((Panel(x, y, (points, limit)),)), values, compared)


def _verdict(compared: tuple[Comparison, ...]) -> str:
    if not all(one.within for one in compared):
        return "A division of the work changes results by more than another order explains."
    return "However the work is divided, results stay within the bound for any order."


DIVISION = Experiment(
    name="division",
    question="Does a result change with threads, layout or batch, when nothing else does?",
    factor="division of the work",
    controls=(
        Choice("by", "threads", tuple(WAYS), label="divided by", help="what changes"),
        Seed(),
        DEVICE,
    ),
    measure=divide,
    fixed=Conditions(device="cpu", threads=1, seed=0, matmul_precision="highest"),
)
