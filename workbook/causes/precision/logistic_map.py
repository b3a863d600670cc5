"""Chaos in one number: the logistic map x -> r x (1 - x), two ways.

Owns one experiment. The factor is the format, or the form in which the same map is written. Only
products and differences occur, each rounded as IEEE 754 says, so every machine gets these orbits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Integer
from workbook.experiment import Experiment
from workbook.result import Finding

FORMATS, FORMS, FORMS_DOUBLE = (
    "float32 and float64", "two forms in float32", "two forms in float64",
)  # fmt: skip
APART = 0.1
START = 0.2

Form = Callable[[Tensor, Tensor], Tensor]


def factored(r: Tensor, x: Tensor) -> Tensor:
    """Compute r x (1 - x), as written."""
    return r * x * (1 - x)


def expanded(r: Tensor, x: Tensor) -> Tensor:
    """Compute r x - r x x, which is r x (1 - x) on paper."""
    return r * x - r * x * x


def two_ways(where: Conditions, *, r: float, change: str, steps: int) -> Finding:
    """Follow one start in two ways and find where they part."""
    single, double = torch.float32, torch.float64
    ways: dict[str, tuple[Form, torch.dtype]] = {
        FORMATS: (factored, double),
        FORMS: (expanded, single),
        FORMS_DOUBLE: (expanded, double),
    }
    form, dtype = ways[change]
    labels = ("float32", "float64") if change == FORMATS else ("r x (1 − x)", "r x − r x x")
    first = orbit(r, steps, factored, double if change == FORMS_DOUBLE else single)
    second = orbit(r, steps, form, dtype)
    gaps = [abs(one - two) for one, two in zip(first, second, strict=True)]
    parted = next((step for step, gap in enumerate(gaps) if gap > APART), None)
    growth = math.exp(sum(math.log(abs(r * (1 - 2 * x)) or 1e-300) for x in second) / len(second))
    reading = f"largest gap {max(gaps):.2g}, above {APART} "
    reading += "never" if parted is None else f"first at step {parted}"
    reading += f"; a step multiplies errors by {growth:.2f} on average"
    values = {"parted": parted, "largest": max(gaps), "growth": growth}
    return Finding(
        _verdict(max(gaps), growth, change), reading, _chart(first, second, gaps, labels), values
    )


def orbit(r: float, steps: int, form: Form, dtype: torch.dtype) -> list[float]:
    """Give the start and what follows it; r and the start are float32 numbers in every dtype."""
    x, rate = torch.tensor(START).to(dtype), torch.tensor(r).to(dtype)
    found = [x]
    for _ in range(steps):
        found.append(form(rate, found[-1]))
    return [float(value) for value in torch.stack(found).tolist()]


def _verdict(largest: float, growth: float, change: str) -> str:
    what = {FORMATS: "formats", FORMS: "forms", FORMS_DOUBLE: "forms"}[change]
    if largest > APART:
        return f"The two {what} part completely: the map enlarges every rounding until it is all."
    if largest == 0:
        return f"The two {what} agree in every bit."
    if growth > 1:
        return f"The two {what} are still together, but each step enlarges what rounding adds."
    return f"The two {what} stay together: the map shrinks what rounding adds."


def _chart(
    first: list[float], second: list[float], gaps: list[float], labels: tuple[str, str]
) -> Chart:
    x = range(len(gaps))
    steps = Axis("step", 0, len(gaps) - 1)
    orbits = (Series(labels[0], x, first), Series(labels[1], x, second))
    gap = (Series("gap", x, gaps),)
    return Chart(
        (
            Panel(steps, Axis("x", 0, 1), orbits, "the two orbits"),
            Panel(steps, Axis("gap", 1e-18, 10, log=True), gap, "their gap"),
        )
    )


LOGISTIC_MAP = Experiment(
    name="logistic_map",
    question="Can one number, updated the same way, end up somewhere else?",
    factor="dtype, or the form of one expression",
    controls=(
        Choice("r", 3.9, tuple(round(2.5 + 0.1 * i, 1) for i in range(16)), ordered=True),
        Choice("change", FORMATS, (FORMATS, FORMS, FORMS_DOUBLE), label="compare"),
        Integer("steps", 40, 20, 120, step=20),
    ),
    measure=two_ways,
)
