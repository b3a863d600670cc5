"""Stagnation: a running total that stops growing while the terms keep coming.

Owns one experiment. The factor is the format of the running total; the terms are ones, exact in
every format, and they are added in the same order.
"""

import torch

from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, Integer
from workbook.experiment import Experiment
from workbook.result import Finding


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
    return Finding(_verdict(totals, count), reading, values=values, comparisons=(loop, single))


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
