"""A part of a result, and the result of a part.

Owns one experiment. The factor is whether rows are selected before an operation or after.
"""

import torch

from workbook.bounds import matmul_bound, sum_bound
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, INNER, COLUMNS = 33, 257, 65
SUM, PRODUCT, PRINTED = OPERATIONS = (
    "A.sum(1)[:1] and A[:1].sum(1)",
    "(A @ B)[:1] and A[:1] @ B",
    "A.sum(1)[:1] and A[:, :1].sum(0)",
)


def slices(where: Conditions, *, operation: str) -> Finding:
    """Select the first row before and after one operation and hold both results side by side."""
    a = torch.rand(ROWS, INNER).to(where.torch_device, where.torch_dtype)
    b = torch.rand(INNER, COLUMNS).to(where.torch_device, where.torch_dtype)
    if operation == PRODUCT:
        after, before = (a @ b)[:1], a[:1] @ b
        bound = matmul_bound(a[:1], b, where.adds_in, result=a.dtype)
    else:
        after, bound = a.sum(1)[:1], sum_bound(a[:1], where.adds_in, 1, result=a.dtype)
        before = a[:, :1].sum(0) if operation == PRINTED else a[:1].sum(1)
    compared = compare(after, before, bound=bound + bound, first="after", second="before")
    word = compared.verdict
    verdict = "These two expressions are not equal in exact arithmetic either."
    if word in ("identical", "rounding"):
        verdict = "Selected before or after, a row has the same values up to rounding."
    values = {"word": word}
    return Finding(verdict, compared.sentence(), values=values, comparisons=(compared,))


SLICES = Experiment(
    name="slices",
    question="Is a row of the result the result of that row?",
    factor="whether the row is selected before or after",
    controls=(
        Choice("operation", SUM, OPERATIONS),
        Seed(),
        Dtype(options=("float32", "float64")),
        DeviceChoice(),
    ),
    measure=slices,
)
