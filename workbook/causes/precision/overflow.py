"""Intermediate results that leave the range of a format although the final result lies inside.

Owns one experiment. The factor is the format, or the order in which the same numbers are added.
"""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.chart import Cells, Chart
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype
from workbook.experiment import Experiment
from workbook.result import Finding

NORM, TOTAL = PROGRAMS = ("norm of two large numbers", "sum of two large numbers and minus one")
FORMATS = ("float32", "float64")
FINITE, LEFT = "a finite number", "inf or NaN"


def overflow(where: Conditions, *, program: str) -> Finding:
    """Compute in the chosen format and in float64, or add in two orders; say what is finite."""
    name = str(where.dtype).removeprefix("torch.")
    if program == NORM:
        # The square of either number lies beyond the largest float32, the norm itself far inside.
        numbers = torch.tensor([1e20, 1e20], dtype=torch.float64)
        names = dict.fromkeys((name, "float64"))
        results = {each: numbers.to(getattr(torch, each)).norm() for each in names}
    else:
        most = torch.finfo(where.torch_dtype).max
        numbers = torch.tensor([most, most, -most], dtype=where.torch_dtype)
        results = {
            "left to right": _in_turn(numbers),
            "right to left": _in_turn(numbers.flip(0)),
        }
    words = {each: FINITE if bool(value.isfinite()) else LEFT for each, value in results.items()}
    text = tuple((word,) for word in words.values())
    shades = tuple((int(word == LEFT),) for word in words.values())
    kinds = ("inside the range", "left the range")
    chart = Chart((Cells.shaded(tuple(words), ("result",), shades, text, kinds, program),))
    reading = ", ".join(f"{each}: {value.item():.3g}" for each, value in results.items())
    return Finding(_verdict(list(words.values())), reading, chart, words)


def _in_turn(numbers: Tensor) -> Tensor:
    total = torch.zeros((), dtype=numbers.dtype)
    for number in numbers:
        total = total + number
    return total


def _verdict(words: list[str]) -> str:
    if set(words) == {FINITE}:
        return "Every intermediate result stays inside the format's range."
    if set(words) == {LEFT}:
        return "An intermediate result leaves the format's range either way."
    return "One way is finite and the other is not: an intermediate result left the range."


OVERFLOW = Experiment(
    name="overflow",
    question="Can an intermediate result be infinite where the final one is not?",
    factor="the format, or the order of the additions",
    controls=(Choice("program", NORM, PROGRAMS), Dtype(options=FORMATS)),
    measure=overflow,
)
