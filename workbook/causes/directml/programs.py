"""Two programs that blame the device, rebuilt: matrices drawn on each side, or drawn once.

Owns one experiment. Each program draws its matrices inside the function that it calls for either
side, so that the sides get other numbers; run with the CPU on both sides, it shows as much.
"""

import math

import numpy as np
import torch
from torch import Tensor

from workbook.bounds import matmul_bound
from workbook.causes.directml.sides import DEVICES, REFUSALS, on_cpu, on_device, title
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.devices import device
from workbook.experiment import Experiment
from workbook.floats import format_of
from workbook.result import Finding

Row = tuple[Comparison | None, Comparison]

PRINTED, ONCE = "as printed: each side draws", "drawn once for both"
DTYPES = ("float64", "float32")


def programs(where: Conditions, *, inputs: str, size: int) -> Finding:
    """Multiply on the CPU, on the device and on the CPU again, in float64 and in float32."""
    rows = {dtype: _three_calls(where, dtype, inputs == ONCE, size) for dtype in DTYPES}
    there = {dtype: far.max_abs if far else math.nan for dtype, (far, _) in rows.items()}
    again = {dtype: control.max_abs for dtype, (_, control) in rows.items()}
    limit = {dtype: control.bound or 0.0 for dtype, (_, control) in rows.items()}
    series = (
        _points("what rounding can explain", limit),
        _points("CPU and CPU again", again),
        _points(f"CPU and {title(where)}", there),
    )
    x = Axis.of("dtype asked for", DTYPES)
    y = Axis("largest difference", 1e-14, 1e4, log=True)
    reading = f"float32: CPU and device up to {there['float32']:.2g} apart"
    reading += f", CPU and CPU again {again['float32']:.2g}"
    values = {f"device {dtype}": gap for dtype, gap in there.items()}
    values |= {f"again {dtype}": gap for dtype, gap in again.items()}
    comparisons = tuple(comparison for pair in rows.values() for comparison in pair if comparison)
    chart = Chart((Panel(x, y, series),))
    return Finding(_verdict(list(rows.values())), reading, chart, values, comparisons)


def _draw(size: int, dtype: str) -> tuple[Tensor, Tensor]:
    """Draw as the programs do: by NumPy, in float64, then converted."""
    label = format_of(dtype).dtype
    a, b = (torch.tensor(np.random.rand(size, size), dtype=label) for _ in range(2))
    return a, b


def _three_calls(where: Conditions, dtype: str, once: bool, size: int) -> Row:
    """Compare CPU with device (None where it refuses the dtype) and CPU with CPU again."""
    first = _draw(size, dtype)
    second, third = (first if once else _draw(size, dtype) for _ in range(2))
    here, again = on_cpu(torch.matmul, *first), on_cpu(torch.matmul, *third)
    adds_in = device(where.device).adds_in(dtype)  # float32, whatever the label, on some
    bound = matmul_bound(*first, dtype) + matmul_bound(*first, adds_in)
    control = compare(here, again, bound=bound, first="CPU", second="CPU again")
    try:
        there = on_device(where, torch.matmul, *second)
    except REFUSALS:
        return None, control
    return compare(here, there, bound=bound, first="CPU", second=title(where)), control


def _points(label: str, gaps: dict[str, float]) -> Series:
    return Series(label, range(2), [gaps[dtype] for dtype in DTYPES], "points")


def _verdict(rows: list[Row]) -> str:
    device = {there.verdict for there, _ in rows if there}
    control = {again.verdict for _, again in rows}
    if control == {"wrong"}:
        return (
            "Two runs on the CPU differ as much as CPU and device: "
            "each call drew its own matrices, in either dtype."
        )
    if not device | control <= {"identical", "rounding"}:
        return "The same matrices give products further apart than rounding explains."
    if control == {"identical"}:
        return (
            "With the same matrices the CPU repeats itself in every bit, "
            "and what the device adds is rounding."
        )
    return "With the same matrices every difference is rounding, even between two runs on the CPU."


PROGRAMS = Experiment(
    name="programs_that_draw",
    question="Two calls, two products: what makes them differ?",
    factor="device, once the matrices are drawn once",
    controls=(
        Choice("inputs", PRINTED, (PRINTED, ONCE)),
        DEVICES,
        LogRange("size", 256, 4, 9, base=2, help="rows and columns"),
        Seed(),
    ),
    measure=programs,
)
