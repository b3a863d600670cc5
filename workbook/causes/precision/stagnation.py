"""Stagnation: a running total that stops growing while the terms keep coming.

Owns one experiment. The factor is the format of the running total; the terms are ones, exact in
every format, and they are added in the same order.
"""

import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, Integer
from workbook.experiment import Experiment
from workbook.floats import format_of
from workbook.result import Finding

SHOWN = 120  # points of the curve that are drawn


def count_up(where: Conditions, *, count: int) -> Finding:
    """Add one to a running total, again and again, and hold it beside the library's sum."""
    one = torch.ones((), dtype=where.torch_dtype, device=where.torch_device)
    totals = _running_totals(one, count)
    library = one.expand(count).sum()
    true = torch.full_like(library, count).cpu()
    loop = compare(totals[-1], true, first="the loop", second="the count")
    single = compare(library.cpu(), true, first="one call of sum", second="the count")
    reading = f"after {count:,} ones the loop holds {totals[-1].item():,.0f}"
    reading += f" and sum() gives {library.item():,.0f}"
    values = {"loop": totals[-1].item(), "sum": library.item(), "count": count}
    chart = _chart(totals, library.item(), count, str(where.dtype))
    return Finding(_verdict(totals, count), reading, chart, values, (loop, single))


def _running_totals(one: torch.Tensor, count: int) -> torch.Tensor:
    totals = one.new_zeros(count)
    total = torch.zeros_like(one)
    for i in range(count):
        total += one
        totals[i] = total
    return totals.cpu()


def _verdict(totals: torch.Tensor, count: int) -> str:
    if totals[-1].item() == count:
        return "The running total counts every one: each of these whole numbers has its own bits."
    if totals[-1] == totals[-2]:
        return "The running total stops: one more is at most half the spacing and is rounded away."
    return "The running total is wrong, though it still grows."


def _chart(totals: torch.Tensor, library: float, count: int, name: str) -> Chart:
    step = max(1, count // SHOWN)
    series = [
        Series("the count", (0, count), (0, count)),
        Series(f"running total in {name}", range(1, count + 1, step), totals[::step]),
        Series("one call of sum()", count, library, "points"),
    ]
    limit = 2.0 ** (format_of(name).fraction_bits + 1)
    if limit < count:
        series.append(Series("last whole number before gaps", (), limit, "rule"))
    top = 1.08 * count
    axes = Axis("ones added", low=0, high=top), Axis("total", low=0, high=top)
    return Chart((Panel(*axes, tuple(series)),))


STAGNATION = Experiment(
    name="stagnation",
    question="Can a running total stop growing?",
    factor="dtype",
    controls=(
        Dtype("float16"),
        Integer("count", 3000, 200, 4000, step=100, help="how many ones are added"),
        DeviceChoice(),
    ),
    measure=count_up,
    unmoved={"device": "The format sets the limit, on every device tried."},
)
