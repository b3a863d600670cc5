"""Ticks: where they stand, what they say, and which of their texts fit.

Owns the choice of round numbers. matplotlib's locators are not used: between limits a few ULPs
apart, among subnormals and at the largest floats they give one tick, none or an overflow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from workbook.chart import Axis
from workbook.plots.scales import HAIR, Scale, minus, nice_step, power_of_ten, scientific


@dataclass(frozen=True)
class Tick:
    """One tick: its place from 0 to 1, its text, and whether the text stands one line lower."""

    place: float
    text: str
    lower: bool = False


def ticks(axis: Axis, scale: Scale, count: int) -> list[Tick]:
    """About `count` ticks; an axis with ticks of its own has those that are within its limits."""
    if axis.ticks:
        pairs = list(axis.ticks)
    else:
        values = _log_values(scale, count) if scale.log else _linear_values(scale, count)
        texts = _log_texts(values) if scale.log else evenly_spaced(values)
        pairs = list(zip(values, texts, strict=True))
    places = scale.places(value for value, _ in pairs).tolist()
    found = [
        Tick(place, text)
        for place, (_, text) in sorted(zip(places, pairs, strict=True))
        if -HAIR <= place <= 1 + HAIR
    ]
    if scale.edge:  # values that have no place of their own stand at the low edge
        found = [Tick(0.0, scale.edge), *(tick for tick in found if tick.place > 0.4 / count)]
    return found


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
        many = [float(f"{n}e{e}") for e in range(math.floor(low), last + 1) for n in (1, 2, 5)]
        return [value for value in many if 0 < value < math.inf]
    least = max(1, math.ceil((last - first) / max(count - 1, 1)))
    every = next((n for n in (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100) if n >= least), 200)
    found = [e for e in range(first, last + 1) if e % every == 0]
    return [float(f"1e{e}") for e in (found if len(found) > 1 else (first, last))]


def _log_texts(values: list[float]) -> list[str]:
    plain = all(1e-3 <= value <= 1e4 for value in values)
    return [f"{value:,g}" if plain else scientific(value) for value in values]


def evenly_spaced(values: Sequence[float]) -> list[str]:
    """Evenly spaced numbers: all with one power of ten and the digits that tell neighbors apart.

    >>> evenly_spaced((-0.5, 0.0, 0.5))
    ['−0.5', '0.0', '0.5']
    >>> evenly_spaced((0.0, 5e-06, 1e-05))
    ['0', '0.5×10⁻⁵', '1.0×10⁻⁵']
    """
    if len(values) < 2:
        return [minus(f"{value:g}") for value in values]
    largest = max(abs(value) for value in values)
    fine = math.floor(math.log10(values[1] - values[0]) + HAIR)
    if 1e-3 <= largest < 1e6:
        form = f"{',' if largest >= 1e4 else ''}.{max(0, -fine)}f"
        return [minus(f"{value + 0.0:{form}}") for value in values]
    power = math.floor(math.log10(largest) + HAIR)
    shifted = [f"{Decimal(value).scaleb(-power):.{max(0, power - fine)}f}" for value in values]
    return [
        f"{minus(text)}×{power_of_ten(power)}" if value else "0"
        for value, text in zip(values, shifted, strict=True)
    ]


def fitted(
    found: list[Tick], length: float, sizes: list[float], *, stagger: bool = False
) -> list[Tick]:
    """The ticks with as many of their texts as fit in `length`, evenly chosen.

    `sizes` is the room of each text. With `stagger`, texts that do not fit side by side take turns
    on two lines.
    """

    def fit(shown: range) -> bool:
        return all(
            (found[b].place - found[a].place) * length >= (sizes[a] + sizes[b]) / 2
            for a, b in pairwise(shown)
        )

    for every in range(1, len(found) + 1):
        shown = range(0, len(found), every)
        turns = stagger and not fit(shown)
        lower = shown[1::2] if turns else range(0)
        if fit(shown) or (turns and fit(shown[::2]) and fit(lower)):
            return [
                replace(tick, text=tick.text if number in shown else "", lower=number in lower)
                for number, tick in enumerate(found)
            ]
    return found
