"""A function guarded where it has no value: what comes out, and what gradient goes back.

Owns one experiment. The factor is how the guard is written; the function and the points are the
same, and each guard is meant to give 0 where x is not above 0.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype
from workbook.experiment import Experiment
from workbook.result import Finding

POINTS = (0.0, -1.0, 4.0)
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sqrt(x)": torch.sqrt,
    "log(x)": torch.log,
    "1/x": torch.reciprocal,
    "x·log(x)": lambda x: x * x.log(),
}
Function = Callable[[Tensor], Tensor]
BARE, WHERE, TIMES, CLEANED = "f(x)", "where(x > 0, f(x), 0)", "(x > 0) * f(x)", "f(x).nan_to_num()"
CLAMPED, TAKEN, TWICE = (
    "f(x.clamp(min=1e-6))",
    "f(x[x > 0])",
    "where(x > 0, f(where(x > 0, x, 1)), 0)",
)


def _taken(f: Function, x: Tensor) -> Tensor:
    inside = x > 0
    return torch.zeros_like(x).masked_scatter(inside, f(x[inside]))


def _twice(f: Function, x: Tensor) -> Tensor:
    inside = x > 0
    return torch.where(inside, f(torch.where(inside, x, 1.0)), 0.0)


GUARDS: dict[str, Callable[[Function, Tensor], Tensor]] = {
    BARE: lambda f, x: f(x),
    WHERE: lambda f, x: torch.where(x > 0, f(x), 0.0),
    TIMES: lambda f, x: (x > 0) * f(x),
    CLEANED: lambda f, x: f(x).nan_to_num(),
    CLAMPED: lambda f, x: f(x.clamp(min=1e-6)),
    TAKEN: _taken,
    TWICE: _twice,
}
KINDS = RIGHT, OTHER, BROKEN = "as meant", "another number", "infinity or NaN"
CODE: dict[str, Kind] = {RIGHT: "agrees", OTHER: "differs", BROKEN: "wrong"}
LEGEND: dict[Kind, str] = {kind: word for word, kind in CODE.items()}


def send_back(where: Conditions, *, function: str) -> Finding:
    """Compute each guard at a few points, and its gradient."""
    f = FUNCTIONS[function]
    dtype = where.torch_dtype
    meant = _value_and_gradient(_twice, f, dtype)
    results = {name: _value_and_gradient(guard, f, dtype) for name, guard in GUARDS.items()}
    words = {
        name: [[_word(*pair) for pair in zip(line, right, strict=True)]
               for line, right in zip(lines, meant, strict=True)]
        for name, lines in results.items()
    }  # fmt: skip
    columns = [(part, point) for point in range(len(POINTS)) for part in (0, 1)]
    table = {
        name: {
            _column(part, point): Cell(f"{lines[part][point]:.3g}", CODE[words[name][part][point]])
            for part, point in columns
        }
        for name, lines in results.items()
    }
    values: dict[str, dict[str, Any]] = {
        name: {
            "value": max(both[0], key=KINDS.index),
            "gradient": max(both[1], key=KINDS.index),
            "gradient at 0": results[name][1][0],
        }
        for name, both in words.items()
    }
    silent = [n for n, v in values.items() if v["value"] == RIGHT and v["gradient"] != RIGHT]
    reading = f"right value and another gradient: {', '.join(silent) or 'none'}"
    chart = Chart((Cells.of(table, LEGEND, f"f is {function}; meant is 0 up to x = 0"),))
    return Finding(_verdict(values), reading, chart, values)


def _value_and_gradient(
    guard: Callable[[Function, Tensor], Tensor], f: Function, dtype: torch.dtype
) -> tuple[list[float], list[float]]:
    x = torch.tensor(POINTS, dtype=dtype, requires_grad=True)
    y = guard(f, x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    return y.tolist(), gradient.tolist()


def _word(value: float, meant: float) -> str:
    if not math.isfinite(value):
        return BROKEN
    return RIGHT if value == meant else OTHER


def _column(part: int, point: int) -> str:
    return f"{('f', 'gradient')[part]} at {POINTS[point]:g}"


def _verdict(values: dict[str, dict[str, Any]]) -> str:
    safe = [n for n, each in values.items() if each["value"] == each["gradient"] == RIGHT]
    if set(safe) == {TAKEN, TWICE}:
        return "Value and gradient are as meant only where f never sees a forbidden x."
    return f"Value and gradient are as meant with: {', '.join(safe) or 'none of these'}."


GUARDED = Experiment(
    "guarded",
    "Which guard gives the value and the gradient that are meant?",
    "how the guard is written",
    (Choice("function", "sqrt(x)", tuple(FUNCTIONS)), Dtype()),
    send_back,
)
