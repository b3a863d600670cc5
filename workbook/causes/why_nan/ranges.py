"""What a format makes of small and of large numbers: kept, rounded coarsely, 0, infinity or NaN.

Owns one experiment. The factor is the format; the numbers and the operation are the same. Each
number is rounded to the format, the operation is exact to float64, and its result is rounded to the
format again.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import Format, format_of
from workbook.result import Finding

FORMATS = ("float64", "float32", "bfloat16", "float16", "float8_e5m2", "float8_e4m3fn")
POWERS = (-8, -6, -4, -2, 0, 2, 4, 6, 8)
KEEP, SQUARE, EXP, RATIO, DIFFERENCE = "x", "x · x", "exp(x)", "x / x", "x − x"
OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    KEEP: lambda x: x,
    SQUARE: lambda x: x * x,
    EXP: lambda x: x.exp(),
    RATIO: lambda x: x / x,
    DIFFERENCE: lambda x: x - x,
}
INSIDE, COARSE, EDGE, ZERO, INFINITE, NAN = (
    "inside", "subnormal", "the largest", "0", "infinity", "NaN",
)  # fmt: skip
KINDS: dict[str, Kind] = {
    INSIDE: "agrees", COARSE: "doubtful", EDGE: "wrong", ZERO: "wrong", INFINITE: "wrong",
    NAN: "raises",
}  # fmt: skip
LEGEND: dict[Kind, str] = {
    "agrees": "inside the normal range",
    "doubtful": "subnormal: fewer digits",
    "wrong": "0 or infinity or the largest, in place of another number",
    "raises": "NaN",
}


def look(where: Conditions, *, operation: str) -> Finding:
    """Apply one operation to powers of ten in every format."""
    x = torch.tensor([10.0**power for power in POWERS], dtype=torch.float64)
    exact = OPERATIONS[operation](x)
    results = {name: _rounded(OPERATIONS[operation](_rounded(x, name)), name) for name in FORMATS}
    words = {
        name: [
            _word(*pair, format_of(name))
            for pair in zip(line.tolist(), exact.tolist(), strict=True)
        ]
        for name, line in results.items()
    }
    columns = [f"1e{power}" if abs(power) > 2 else f"{10.0**power:g}" for power in POWERS]
    table = {
        name: {
            column: Cell(f"{value:.3g}", KINDS[word])
            for column, value, word in zip(columns, results[name].tolist(), line, strict=True)
        }
        for name, line in words.items()
    }
    left = {name: sum(KINDS[word] in ("wrong", "raises") for word in words[name]) for name in words}
    born = {name: words[name].count(NAN) for name in words}
    told = ", ".join(f"{name} {count}" for name, count in left.items() if count)
    reading = f"lost of {len(POWERS)}: {told or 'none'}"
    title = f"{operation} in each format, for the x at the head of the column"
    chart = Chart((Cells.of(table, LEGEND, title),))
    values = {"words": words, "left": left, "NaN": born}
    return Finding(_verdict(left, born), reading, chart, values)


def _rounded(x: Tensor, name: str) -> Tensor:
    """Round to a format by torch's own cast, and hand the result back in float64."""
    wide = x if name == "float64" else x.float()  # casts to 8 bits start from float32
    return wide.to(getattr(torch, name)).float().double() if name != "float64" else wide


def _word(value: float, exact: float, fmt: Format) -> str:
    if math.isnan(value):
        return NAN
    if math.isinf(value):
        return INFINITE
    if value == exact or (value and abs(value / exact - 1) <= 2 * fmt.epsilon):
        return COARSE if 0 < abs(value) < fmt.smallest_normal else INSIDE
    if not value:
        return ZERO
    return EDGE if abs(value) == fmt.largest else COARSE


def _verdict(left: dict[str, int], born: dict[str, int]) -> str:
    lost = [name for name, count in left.items() if count]
    if not lost:
        return "Every format holds all of these results."
    # Without infinity an overflow itself may be NaN, by the version of torch.
    if any(count and format_of(name).has_infinity for name, count in born.items()):
        return "In some formats a number that left the range came back as NaN."
    return f"Some results leave the range of: {', '.join(lost)}."


RANGES = Experiment(
    "ranges",
    "Which results leave the range of their format?",
    "format",
    (Choice("operation", KEEP, tuple(OPERATIONS)),),
    look,
)
