"""Two sums of three: the expression of a program that calls addition associative.

Owns one experiment. The factor is which two of three numbers are added first. Nothing but single
additions is used, so the results are the same on every device that follows IEEE 754.
"""

import torch

from workbook.bounds import sum_bound
from workbook.causes.directml.sides import DEVICES, on_device
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Dtype, Integer
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted


def groupings(where: Conditions, *, start: int) -> Finding:
    """Compute (a + b).sum() + (a * b).sum() with each of three groupings of either sum."""
    whole = [float(start + i) for i in range(3)]
    a, b = torch.tensor([whole, [0.1, 0.2, 0.3]], dtype=where.torch_dtype)
    terms = [a + b, a * b]
    # Row i starts with number i: (x0 + x1) + x2, (x1 + x2) + x0, (x2 + x0) + x1.
    turned = [torch.stack([x.roll(-i) for i in range(3)], dim=1).unbind() for x in terms]
    sums, products = (on_device(where, lambda x, y, z: (x + y) + z, *rows) for rows in turned)
    results = on_device(
        where, lambda x, y: x + y, sums.repeat_interleave(3), products.repeat(3)
    ).reshape(3, 3)
    bound = sum_bound(torch.cat(terms), where.torch_dtype, depth="any")
    compared = compare(
        results, results[:1, :1].expand(3, 3), bound=bound + bound, second="as written"
    )
    distinct = len(set(results.flatten().tolist()))
    reading = f"{counted(distinct, 'distinct result')} of 9, "
    reading += f"at most {counted(compared.max_ulps or 0, 'ULP')} apart"
    values = {"distinct": distinct, "as written": float(results[0, 0])}
    return Finding(
        _verdict(distinct, compared.within), reading, values=values, comparisons=(compared,)
    )


def _verdict(distinct: int, within: bool) -> str:
    if not within:
        return "The nine ways differ by more than rounding."
    if distinct == 1:
        return "All nine ways give one result: with these numbers no order can show itself."
    return "Nine ways to add the same six numbers give more than one result."


NINE_WAYS = Experiment(
    name="nine_ways",
    question="Does it matter which two of three numbers are added first?",
    factor="grouping of the additions",
    controls=(
        Integer("start", 1, 1, 9, help="the program adds three whole numbers from here"),
        Dtype("float32", ("float64", "float32", "float16")),
        DEVICES,
    ),
    measure=groupings,
)
