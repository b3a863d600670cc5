"""The number line of a format: how far apart its values lie, and where a number in between goes.

Owns one experiment. The factor is the distance from a value, in parts of the spacing there.
"""

from __future__ import annotations

import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Integer
from workbook.experiment import Experiment
from workbook.floats import format_of, next_down, next_up, round_to, spacing
from workbook.result import Finding

PARTS = 16  # the spacing is cut into sixteenths, so that one half, the tie, is among them
EXPONENTS = tuple(range(-12, 13))


def add_a_little(where: Conditions, *, near: str, sixteenths: int, format: str) -> Finding:
    """Add a part of the spacing to a value and see which neighbor the sum becomes."""
    fmt = format_of(format)
    start = round_to(float(near), fmt)
    gap = spacing(start, fmt)
    added = gap * sixteenths / PARTS  # exact: a power of two times a small whole number
    numbers = torch.tensor([start, added], dtype=torch.float64)
    total = round_to(float(numbers.sum()), fmt)
    line = (next_down(start, fmt), start, next_up(start, fmt), next_up(next_up(start, fmt), fmt))
    chart = Chart((_line_panel(line, start + added, total, gap), _spacing_panel(fmt.name, start)))
    reading = f"{start!r} + {added!r} = {total!r} in {fmt.name}; the spacing here is {gap!r}"
    values = {"start": start, "added": added, "sum": total, "spacing": gap}
    return Finding(_verdict(start, total, added, gap), reading, chart, values)


def _verdict(start: float, total: float, added: float, gap: float) -> str:
    if not added:
        return "Nothing was added, and nothing changed."
    if total == start:
        tie = " It lay half way, and ties go to the even one." if 2 * added == gap else ""
        return f"The addition changed nothing: the sum was rounded back.{tie}"
    if total == start + added:
        return "The sum is a value of the format: nothing was rounded."
    return "The sum was rounded away from the true one, to the neighbor nearest to it."


def _line_panel(line: tuple[float, ...], true: float, total: float, gap: float) -> Panel:
    """Draw positions in spacings from the start, so that every format fills the panel alike."""
    start = line[1]
    places = [(value - start) / gap for value in line]
    position, landed = (true - start) / gap, (total - start) / gap
    ticks = tuple((place, f"{place:g}") for place in places)
    series = (
        Series("values of the format", places, [0] * len(places), "points"),
        Series("true sum, falling to the rounded one", (position, landed), (0.5, 0.0), "line"),
    )
    x = Axis("spacings from the start", low=-1.2, high=2.4, ticks=ticks)
    return Panel(x, Axis("", low=-0.5, high=1.2, ticks=((9.0, ""),)), series, "where the sum goes")


def _spacing_panel(name: str, start: float) -> Panel:
    magnitudes = [2.0**power for power in EXPONENTS]
    curve = Series(name, magnitudes, [spacing(v, name) for v in magnitudes], "steps")
    here = Series("here", abs(start), spacing(start, name), "points")
    x = Axis("size of the value", low=magnitudes[0], high=magnitudes[-1], log=True)
    return Panel(x, Axis("spacing", log=True), (curve, here), "the spacing grows with the value")


NUMBER_LINE = Experiment(
    name="number_line",
    question="How much can be added to a number without changing it?",
    factor="the number added",
    controls=(
        Choice("near", "1.0", ("0.001", "0.1", "1.0", "100.0", "1000.0")),
        Integer("sixteenths", 6, 0, 2 * PARTS, help="sixteenths of the spacing"),
        Choice("format", "float32", ("float64", "float32", "bfloat16", "float16", "float8_e5m2")),
    ),
    measure=add_a_little,
)
