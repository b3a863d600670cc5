"""Ticks: where they stand and what they say.

Owns the choice of round numbers and their texts. Knows nothing of matplotlib. Powers of ten are
written with raised digits, negative numbers with a minus sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from workbook.chart import Axis
from workbook.plots.numerals import power_of_ten, scientific
from workbook.plots.scales import Scale, nice_step

HAIR = 1e-9  # places this far beyond 0 or 1 still count as inside


@dataclass(frozen=True)
class Tick:
    """One tick: its place from 0 to 1, its text, and whether the text stands one line lower."""

    place: float
    text: str
    lower: bool = False


def ticks(axis: Axis, scale: Scale, count: int) -> list[Tick]:
    """About `count` ticks; an axis with ticks of its own has those that are within its limits."""
    if axis.ticks:
        values, texts = zip(*axis.ticks, strict=True)
    elif scale.log:
        values = tuple(_log_values(scale, count))
        texts = tuple(_log_texts(values))
    else:
        values = tuple(_linear_values(scale, count))
        texts = tuple(linear_texts(values))
    pairs = sorted(zip(scale.places(values).tolist(), texts, strict=True))
    found = [Tick(place, text) for place, text in pairs if -HAIR <= place <= 1 + HAIR]
    if scale.edge:  # values that have no place of their own stand at the low edge
        found = [Tick(0.0, scale.edge), *(tick for tick in found if tick.place > 0.4 / count)]
    return found


def fitted(
    found: list[Tick], length: float, sizes: list[float], *, stagger: bool = False
) -> list[Tick]:
    """The ticks with as many of their texts as fit in `length`, evenly chosen.

    `sizes` is the room of each text (one number stands for all). With `stagger`, texts that do not
    fit side by side take turns on two lines.
    """
    sizes = sizes * len(found) if len(sizes) == 1 else sizes
    for every in range(1, len(found) + 1):
        shown = list(range(0, len(found), every))
        if _fit(found, shown, length, sizes):
            return [
                tick if number in shown else replace(tick, text="")
                for number, tick in enumerate(found)
            ]
        if stagger and all(_fit(found, shown[turn::2], length, sizes) for turn in (0, 1)):
            return [
                replace(
                    tick, text=tick.text if number in shown else "", lower=number in shown[1::2]
                )
                for number, tick in enumerate(found)
            ]
    return found


def _fit(found: list[Tick], shown: list[int], length: float, sizes: list[float]) -> bool:
    return all(
        (found[b].place - found[a].place) * length >= (sizes[a] + sizes[b]) / 2
        for a, b in pairwise(shown)
    )


def _linear_values(scale: Scale, count: int) -> list[float]:
    rough = (scale.high / 2 - scale.low / 2) / count * 1.5
    fine = math.ulp(max(abs(scale.low), abs(scale.high)))
    if rough < 8 * fine:  # round numbers are not representable here: count in ULPs
        spaces = round((scale.high - scale.low) / fine)
        return _multiples(scale, fine * 2 ** max(0, math.ceil(math.log2(spaces / count))))
    found = _multiples(scale, nice_step(rough))
    return found if len(found) > 1 else _multiples(scale, nice_step(rough / 2.5))


def _multiples(scale: Scale, step: float) -> list[float]:
    first, last = math.ceil(scale.low / step - HAIR), math.floor(scale.high / step + HAIR)
    return [number * step for number in range(first, last + 1)]


def _log_values(scale: Scale, count: int) -> list[float]:
    low, high = math.log10(scale.low), math.log10(scale.high)
    first, last = math.ceil(low - HAIR), math.floor(high + HAIR)
    if last - first < 1 or (high - low) * 3 <= count:
        many = [(n, e) for e in range(math.floor(low), last + 1) for n in (1, 2, 5)]
        values = [float(f"{n}e{e}") for n, e in many]
        return [value for value in values if 0 < value < math.inf]
    least = max(1, math.ceil((last - first) / max(count - 1, 1)))
    every = next((n for n in (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100) if n >= least), 200)
    found = [e for e in range(first, last + 1) if e % every == 0]
    return [float(f"1e{e}") for e in (found if len(found) > 1 else (first, last))]


def _log_texts(values: tuple[float, ...]) -> list[str]:
    if all(1e-3 <= value <= 1e4 for value in values):
        return [f"{value:,g}" for value in values]
    return [scientific(value) for value in values]


def linear_texts(values: tuple[float, ...]) -> list[str]:
    """Evenly spaced numbers: all with one power of ten and the digits that tell neighbors apart.

    >>> linear_texts((-0.5, 0.0, 0.5))
    ['−0.5', '0.0', '0.5']
    >>> linear_texts((0.0, 5e-06, 1e-05))
    ['0', '0.5×10⁻⁵', '1.0×10⁻⁵']
    """
    if len(values) < 2:
        return [f"{value:g}".replace("-", "−") for value in values]
    largest = max(abs(value) for value in values)
    fine = math.floor(math.log10(values[1] - values[0]) + HAIR)
    if 1e-3 <= largest < 1e6:
        form = f",.{max(0, -fine)}f" if largest >= 1e4 else f".{max(0, -fine)}f"
        return [f"{value + 0.0:{form}}".replace("-", "−") for value in values]
    power = math.floor(math.log10(largest) + HAIR)
    decimals = max(0, power - fine)
    power_text = power_of_ten(power)
    return [
        f"{Decimal(value).scaleb(-power):.{decimals}f}×{power_text}".replace("-", "−")
        if value
        else "0"
        for value in values
    ]
