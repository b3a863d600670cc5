"""matplotlib's Axes for a panel: their limits, their ticks, and what the ticks say.

Owns what stands around the data. Knows nothing of how marks are drawn. Round numbers come from
matplotlib's locators; the texts are our own, so that all of an axis share one form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from workbook.chart import Axis, Panel
from workbook.plots import style

Limits = tuple[float, float]
HUGE = 1e100  # what lies farther is drawn as infinite, so that nothing overflows
TINY = 1e-300  # the least place on a logarithmic axis
HAIR = 1e-9
STEPS = [1, 2, 5, 10]
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def limits(panel: Panel) -> tuple[Limits, Limits]:
    """Settle the limits of x and y: those that the axes state, or round ones around the values.

    What bars stand on is within (0, or a decade below the shortest), and half a bar on each side.
    """
    across = [x for one in panel.series if one.mark != "rule" for x in one.x]
    up = [y for one in panel.series for y in (*one.y, *one.upper)]
    bars = [x for one in panel.series if one.mark == "bars" for x in one.x]
    x, y = _limits(panel.x, across), _limits(panel.y, up, bars=bool(bars))
    return (_with_room(panel.x, x, bars) if bars else x), y


def _limits(axis: Axis, values: Sequence[float], *, bars: bool = False) -> Limits:
    if axis.low is not None and axis.high is not None:
        return axis.low, axis.high
    if axis.log:
        return _log_limits(axis, values, bars)
    known = [value for value in values if abs(value) <= HUGE]
    known += [0.0] if bars else []
    known = known or [limit for limit in (axis.low, axis.high) if limit is not None] or [0.0]
    low, high = _stated(axis, min(known), max(known))
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        room = max(abs(low) / 2, TINY) if low else 1.0
        low, high = _stated(axis, low - room, max(low, high) + room)
    steps = MaxNLocator(5, steps=STEPS).tick_values(low, high)
    return _stated(axis, float(min(low, steps[0])), float(max(high, steps[-1])))


def _log_limits(axis: Axis, values: Sequence[float], bars: bool) -> Limits:
    known = [value for value in values if TINY <= value <= 1 / TINY]
    known = known or [limit for limit in (axis.low, axis.high) if limit is not None] or [1.0]
    below = bars or any(value < TINY for value in values)  # zeros get a decade of their own
    exponents = (round(math.log10(max(edge, TINY)), 9) for edge in (min(known), max(known)))
    first, last = next(exponents), next(exponents)
    low, high = 10.0 ** (math.floor(first) - below), 10.0 ** math.ceil(last)
    low, high = _stated(axis, low, high)
    return _stated(axis, low / (1 if low < high else 10), high * (1 if low < high else 10))


def _stated(axis: Axis, low: float, high: float) -> Limits:
    """Give these limits, or those that the axis states itself."""
    return low if axis.low is None else axis.low, high if axis.high is None else axis.high


def bar_width(spots: Sequence[float]) -> float:
    """Find the least distance of two neighbors: the room that one bar has."""
    apart = np.diff(np.unique(spots))
    return float(apart.min()) if apart.size else 1.0


def _with_room(axis: Axis, x: Limits, bars: Sequence[float]) -> Limits:
    """Widen limits by half a bar on both sides, where the bars need it."""
    spots = [value for value in bars if (TINY if axis.log else -HUGE) <= value <= HUGE]
    if not spots:
        return x
    places = [math.log10(value) for value in spots] if axis.log else spots
    half = bar_width(places) * 0.62
    ends = [min(places) - half, max(places) + half]
    low, high = (10.0**end for end in ends) if axis.log else ends
    low = low if axis.low is None else min(axis.low, low)
    return low, high if axis.high is None else max(axis.high, high)


def prepare(ax: Any, panel: Panel, room: tuple[float, float]) -> None:
    """Set scales, limits, ticks and the name of x; `room` is the width and height in CSS pixels."""
    x, y = limits(panel)
    up = ticks(panel.y, y, max(2, int((room[1] - 2 * style.ROW) / 34)), edge=beneath(panel, y[0]))
    whole = all(v == int(v) for s in panel.series for v in s.x if abs(v) < HUGE)
    across = ticks(panel.x, x, max(2, int(room[0] / 75)), whole=whole)
    widest = max((style.text_width(text) for _, text in up), default=0.0)
    across = fitted(across, panel.x, x, room[0] - widest - 20, stagger=bool(panel.x.ticks))
    for axis, found, low_high, chosen in (
        (ax.xaxis, across, x, panel.x),
        (ax.yaxis, up, y, panel.y),
    ):
        axis.axes.set(**{f"{axis.axis_name}scale": "log" if chosen.log else "linear"})
        axis.axes.set(**{f"{axis.axis_name}lim": low_high})
        axis.set_ticks([place for place, _ in found], labels=[text for _, text in found])
        axis.set_ticks([], minor=True)
    lines, _ = style.fit(panel.x.label, room[0], 2)
    ax.set_xlabel("\n".join(lines))


def beneath(panel: Panel, low: float) -> str:
    """Say what the low edge of a logarithmic y axis stands for, if any value lies below."""
    values = [y for one in panel.series if one.mark != "rule" for y in (*one.y, *one.upper)]
    under = [value for value in values if value < low]
    if not panel.y.log or not under:
        return ""
    return f"≤{scientific(low)}" if max(under) > 0 else "≤0" if min(under) < 0 else "0"


def ticks(
    axis: Axis, between: Limits, count: int, *, edge: str = "", whole: bool = False
) -> list[tuple[float, str]]:
    """Choose places and texts of about `count` ticks, at whole numbers if `whole`.

    `edge` is what the low end says instead.
    """
    low, high = between
    hair = HAIR * (high - low)
    first, last = (low * (1 - HAIR), high * (1 + HAIR)) if axis.log else (low - hair, high + hair)
    if axis.ticks:
        found = [(p, text) for p, text in axis.ticks if first <= p <= last]
    else:
        places = _places(axis, between, count, whole)
        inside = [p for p in places if first <= p <= last]
        logs = axis.log and all(math.log10(p) % 1 < 1e-6 or p < 1e4 for p in inside)
        texts = _log_texts(inside) if logs else evenly_spaced(inside)
        found = list(zip(inside, texts, strict=True))
    if edge:
        apart = (high / low) ** (0.5 / count)
        found = [(low, edge), *(tick for tick in found if tick[0] > low * apart)]
    return found


def _places(axis: Axis, between: Limits, count: int, whole: bool = False) -> list[float]:
    low, high = between
    if not axis.log:
        locator = MaxNLocator(count, steps=STEPS, integer=whole)
        return [float(place) for place in locator.tick_values(low, high)]
    decades = math.log10(high) - math.log10(low)
    if decades * 3 <= count:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        many = [n * 10.0**power for power in powers for n in (1, 2, 5)]
        inside = [p for p in many if low <= p <= high]
        return inside if len(inside) > 1 else _places(Axis(""), between, count)
    return [float(p) for p in LogLocator(numticks=count).tick_values(low, high)]


def _log_texts(values: Sequence[float]) -> list[str]:
    plain = all(1e-3 <= value <= 1e4 for value in values)
    return [f"{value:,g}" if plain else scientific(value) for value in values]


def fitted(
    found: list[tuple[float, str]], axis: Axis, between: Limits, length: float, *, stagger: bool
) -> list[tuple[float, str]]:
    """Keep as many texts of the ticks as fit in `length`, evenly chosen.

    With `stagger`, texts that do not fit side by side take turns on two lines.
    """
    scaled = math.log10 if axis.log else float
    low, high = (scaled(end) for end in between)
    spots = [(scaled(place) - low) / (high - low) * length for place, _ in found]
    sizes = [style.text_width(text) + 8 for _, text in found]

    def fit(shown: range) -> bool:
        return all(spots[b] - spots[a] >= (sizes[a] + sizes[b]) / 2 for a, b in pairwise(shown))

    for every in range(1, len(found) + 1):
        shown = range(0, len(found), every)
        turns = stagger and not fit(shown) and fit(shown[::2]) and fit(shown[1::2])
        if turns or fit(shown):
            lower = shown[1::2] if turns else range(0)
            return [
                (place, ("\n" if n in lower else "") + text if n in shown else "")
                for n, (place, text) in enumerate(found)
            ]
    return found


def evenly_spaced(values: Sequence[float]) -> list[str]:
    """Write evenly spaced numbers: all with one power of ten and digits that tell them apart.

    >>> evenly_spaced((-0.5, 0.0, 0.5))
    ['−0.5', '0.0', '0.5']
    >>> evenly_spaced((0.0, 5e-06, 1e-05))
    ['0', '0.5×10⁻⁵', '1.0×10⁻⁵']
    """
    if len(values) < 2:
        return [short(value) for value in values]
    largest = max(abs(value) for value in values)
    fine = math.floor(math.log10(values[1] - values[0]) + HAIR)
    if 1e-3 <= largest < 1e6:
        form = f"{',' if largest >= 1e4 else ''}.{max(0, -fine)}f"
        return [minus(f"{value + 0.0:{form}}") for value in values]
    power = math.floor(math.log10(largest) + HAIR)
    digits = max(0, power - fine)
    texts = [minus(f"{value / 10.0**power:.{digits}f}") for value in values]
    return [
        f"{text}×{power_of_ten(power)}" if value else "0"
        for value, text in zip(values, texts, strict=True)
    ]


def scientific(value: float, digits: int = 0) -> str:
    """Write a number with a power of ten; a mantissa of 1 is left out.

    >>> scientific(2e-6), scientific(1e-300), scientific(-1.5e7, 1)
    ('2×10⁻⁶', '10⁻³⁰⁰', '−1.5×10⁷')
    """
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value):.{digits}e}".split("e")
    power = power_of_ten(int(exponent))
    text = power if float(mantissa) == 1 else f"{mantissa}×{power}"
    return f"−{text}" if value < 0 else text


def short(value: float) -> str:
    """Write a number in three digits.

    >>> short(0.25), short(-30.0), short(1e-9)
    ('0.25', '−30', '10⁻⁹')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return minus(f"{value:.3g}" if abs(value) < 1e3 else f"{value:.0f}")
    return scientific(value, 0 if float(f"{value:.2e}") == float(f"{value:.0e}") else 2)


def power_of_ten(exponent: int) -> str:
    """Write ten to a whole power, its digits raised."""
    return "10" + str(exponent).translate(RAISED)


def minus(number: str) -> str:
    """Write a number with a true minus sign."""
    return number.replace("-", "−")
