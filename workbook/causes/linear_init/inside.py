"""An operation that draws although its name says nothing of chance.

Owns one experiment. The factor is a seed set between two evaluations of one expression.
"""

import torch
from torch import Tensor

from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

LOW_RANK, EXACT = "torch.svd_lowrank", "torch.linalg.svdvals"
ONCE, BETWEEN = "before the first only", "before each"


def drawn_inside(where: Conditions, *, operation: str, seeded: str) -> Finding:
    """Evaluate one factorization twice on one matrix, and see whether the generator moved."""
    matrix = torch.rand(12, 8, dtype=torch.float64)
    torch.manual_seed(where.seed or 0)
    start = torch.get_rng_state()
    first = _values(matrix, operation)
    moved = not torch.equal(start, torch.get_rng_state())
    if seeded == BETWEEN:
        torch.manual_seed(where.seed or 0)
    second = _values(matrix, operation)
    compared = compare(second, first, first="second", second="first")
    verdict = "It draws nothing, and both results are equal in every bit."
    if moved:
        verdict = "It draws while it runs: evaluated again, it gives other bits."
        if compared.identical:
            verdict = "It draws while it runs: from the same seed it gives the same bits."
    reading = f"{operation} of a 12 by 8 matrix, seeded {seeded}"
    values = {"draws": moved, "same": compared.identical}
    return Finding(verdict, reading, values=values, comparisons=(compared,))


def _values(matrix: Tensor, operation: str) -> Tensor:
    """Give the three largest singular values: estimated from random projections, or computed."""
    if operation == LOW_RANK:
        estimated: Tensor = torch.svd_lowrank(matrix, q=3, niter=0)[1]
        return estimated
    computed: Tensor = torch.linalg.svdvals(matrix)
    return computed[:3]


DRAWN_INSIDE = Experiment(
    name="drawn_inside",
    question="Can an operation draw random numbers that nobody asked for?",
    factor="a seed between the two evaluations",
    controls=(
        Choice("operation", LOW_RANK, (LOW_RANK, EXACT)),
        Choice("seeded", ONCE, (ONCE, BETWEEN)),
        Seed(),
    ),
    measure=drawn_inside,
)
