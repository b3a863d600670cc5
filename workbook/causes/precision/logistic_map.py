"""Chaos in one number: the logistic map x -> r x (1 - x), in two formats.

Owns one experiment. The factor is the format. Only products and differences occur, each rounded as
IEEE 754 says, so every machine gets these orbits.
"""

import math

import torch

from workbook.conditions import Conditions
from workbook.control import Choice, Integer
from workbook.experiment import Experiment
from workbook.result import Finding

APART = 0.1
START = 0.2


def two_formats(where: Conditions, *, r: float, steps: int) -> Finding:
    """Follow one start in two formats and find where they part."""
    first, second = (orbit(r, steps, dtype) for dtype in (torch.float32, torch.float64))
    gaps = [abs(here - there) for here, there in zip(first, second, strict=True)]
    parted = next((step for step, gap in enumerate(gaps) if gap > APART), None)
    growth = math.exp(sum(math.log(abs(r * (1 - 2 * x)) or 1e-300) for x in second) / len(second))
    reading = f"largest gap {max(gaps):.2g}, above {APART} "
    reading += "never" if parted is None else f"first at step {parted}"
    reading += f"; a step multiplies errors by {growth:.2f} on average"
    values = {"parted": parted, "largest": max(gaps), "growth": growth}
    return Finding(_verdict(max(gaps), growth), reading, values=values)


def orbit(r: float, steps: int, dtype: torch.dtype) -> list[float]:
    """Give the start and what follows it; r and the start are float32 numbers in every dtype."""
    x, rate = torch.tensor(START).to(dtype), torch.tensor(r).to(dtype)
    values = [x]
    for _ in range(steps):
        values.append(rate * values[-1] * (1 - values[-1]))
    return [float(value) for value in torch.stack(values).tolist()]


def _verdict(largest: float, growth: float) -> str:
    if largest > APART:
        return "The two formats part completely: the map enlarges every rounding until it is all."
    if largest == 0:
        return "The two formats agree in every bit."
    if growth > 1:
        return "The two formats are still together, but each step enlarges what rounding adds."
    return "The two formats stay together: the map shrinks what rounding adds."


LOGISTIC_MAP = Experiment(
    name="logistic_map",
    question="Can one number, updated the same way, end up somewhere else?",
    factor="dtype",
    controls=(
        Choice("r", 3.9, tuple(round(2.5 + 0.1 * i, 1) for i in range(16)), ordered=True),
        Integer("steps", 40, 20, 120, step=20),
    ),
    measure=two_formats,
)
