"""Autocast's cache of converted weights: what it remembers, and until when.

Owns one experiment. The factor is the cache; weights, inputs and the program are the same.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.chart import Cell, Cells, Chart
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, WIDTH = 4, 8
INSIDE, BETWEEN = "inside one autocast block", "between two autocast blocks"


def update_a_weight(where: Conditions, *, update: str) -> Finding:
    """Double a weight after its first use under autocast and look at the second result."""
    x, start = torch.rand(ROWS, WIDTH), torch.rand(WIDTH, WIDTH)
    second = {cache: _second(x, start, update, cache=cache) for cache in (True, False)}
    expected = F.linear(x.bfloat16(), (2 * start).bfloat16())
    stale = F.linear(x.bfloat16(), start.bfloat16())
    compared = compare(second[True], second[False], first="with the cache", second="without")
    told = {cache: _told(out, expected, stale) for cache, out in second.items()}
    cells = {
        cache: Cell(f"uses the {weight} weight", "agrees" if weight == "new" else "wrong")
        for cache, weight in told.items()
    }
    column = f"after an update {update}"
    grid = Cells.of(
        {"with the cache": {column: cells[True]}, "without it": {column: cells[False]}},
        {"agrees": "the doubled weight", "wrong": "the weight from before"},
    )
    reading = f"{compared.differing} of {compared.count} results differ with the cache"
    values = {"cached": told[True], "uncached": told[False]}
    return Finding(_verdict(told[True]), reading, Chart((grid,)), values, (compared,))


def _second(x: Tensor, start: Tensor, update: str, *, cache: bool) -> Tensor:
    weight = start.clone().requires_grad_()
    with torch.enable_grad():
        if update == INSIDE:
            with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cache):
                F.linear(x, weight)
                weight.data.mul_(2)
                return F.linear(x, weight).detach()
        with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cache):
            F.linear(x, weight)
        weight.data.mul_(2)
        with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cache):
            return F.linear(x, weight).detach()


def _told(out: Tensor, expected: Tensor, stale: Tensor) -> str:
    """Tell which weight was used: the nearer result says so, whatever the last bits are."""
    new, old = ((out.float() - other.float()).norm() for other in (expected, stale))
    return "new" if bool(new < old) else "old"


def _verdict(cached: str) -> str:
    if cached == "old":
        return "The second result was computed with the weight from before: its copy was cached."
    return "Both results use the new weight: the cache ends with its block."


AUTOCAST_WEIGHT = Experiment(
    name="autocast_weight",
    question="A weight is changed under autocast: which one is used then?",
    factor="autocast's weight cache",
    controls=(Choice("update", INSIDE, (INSIDE, BETWEEN)), Seed()),
    measure=update_a_weight,
)
