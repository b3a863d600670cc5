"""matplotlib's Axes for a panel: their limits, their ticks, and what the ticks say.

Owns what stands around the data. Knows nothing of how marks are drawn. Places come from
matplotlib's locators; the texts are our own, because mathematical ones take long to draw.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from workbook.chart import Axis, Panel
from workbook.plots import style
from workbook.plots.style import ROW

Limits = tuple[float, float]
HUGE = 1e100  # what lies farther is drawn as infinite, so that nothing overflows
TINY = 1e-300  # the least place on a logarithmic axis
HAIR = 1e-9  # places this far beyond a limit still count as inside
STEPS = [1, 2, 5, 10]
TICK, BESIDE, TOP = 5.0, 5.0, 7.0  # free below axes, beside them, above them (half a text)
TALL = 228.0  # of a panel, ticks and name of x included, in CSS pixels
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def limits(panel: Panel) -> tuple[Limits, Limits]:
    """Settle the limits of x and y: those that the axes state, or round ones around the values.

    What bars stand on is within (0, or a decade below the shortest), and half a bar on each side.
    """
    across = [x for series in panel.series if series.mark != "rule" for x in series.x]
    up = [y for series in panel.series for y in (*series.y, *series.upper)]
    stands = [series.x for series in panel.series if series.mark == "bars"]
    bars = [x for spots in stands for x in spots if abs(x) < HUGE]
    if bars:
        half = 0.6 * bar_width(bars)
        across += [min(bars) - half, max(bars) + half]
    return _limits(panel.x, across), _limits(panel.y, up, based=bool(bars))


def _limits(axis: Axis, values: Sequence[float], *, based: bool = False) -> Limits:
    if axis.low is not None and axis.high is not None:
        return axis.low, axis.high
    least, most = (TINY, 1 / TINY) if axis.log else (-HUGE, HUGE)
    known = [value for value in values if least <= value <= most]
    known += [0.0] if based and not axis.log else []
    known = known or [limit for limit in (axis.low, axis.high) if limit is not None] or [1.0]
    low, high = min(known), max(known)
    if axis.log:
        under = based or any(value < TINY for value in values)  # zeros get a decade of their own
        low, high = 10.0 ** (_power(low) - under), 10.0 ** -_power(1 / high)
        low, high = (low, high) if low < high else (max(low / 10, TINY / 10), high * 10)
    else:
        room = 1e-12 * max(abs(low), abs(high))
        if high - low <= room:
            low, high = low - (abs(low) / 2 or 1), high + (abs(high) / 2 or 1)
        places = MaxNLocator(5, steps=STEPS).tick_values(low, high)
        low, high = float(min(low, places[0])), float(max(high, places[-1]))
    return low if axis.low is None else axis.low, high if axis.high is None else axis.high


def _power(value: float) -> int:
    """Find the power of ten at or below a number."""
    return math.floor(math.log10(max(value, TINY)) + HAIR)


def bar_width(spots: Sequence[float] | NDArray[np.float64]) -> float:
    """Find the least distance of two neighbors: the room that one bar has."""
    apart = np.diff(np.unique(spots))
    return float(apart.min()) if apart.size else 1.0


def prepare(ax: Any, panel: Panel, width: float) -> tuple[float, float, float]:
    """Set scales, limits, ticks and the name of x; the panel has `width` CSS pixels.

    Give how many of them the texts need to the left, to the right and below.
    """
    (left, right), (low, high) = limits(panel)
    whole = all(v == int(v) for s in panel.series for v in s.x if abs(v) < HUGE)
    up = ticks(panel.y, (low, high), 7, edge=beneath(panel, low))
    across = ticks(panel.x, (left, right), max(3, round(width / 90)), whole=whole)
    ax.autoscale(False)
    ax.set(xscale="log" if panel.x.log else "linear", yscale="log" if panel.y.log else "linear")
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.set_yticks([place for place, _ in up], [text for _, text in up])
    beside = max((style.text_width(text) for _, text in up), default=0.0)
    free = (width - beside) / max(len(across), 1) - 6
    names = [text for _, text in across]
    words = [word for name in names for word in name.split()] if panel.x.ticks else []
    places = [place for place, _ in across]
    turned = max(map(style.text_width, words), default=0.0) > free
    if turned:
        ax.set_xticks(places, names, rotation=30, ha="right")
        ax.tick_params(axis="x", pad=0)
        lines = [[name] for name in names]
        tall = TICK + 0.5 * max(map(style.text_width, names)) + ROW
    else:
        lines = [style.wrapped(name, free) if panel.x.ticks else [name] for name in names]
        style.set_labels(ax.xaxis, places, lines, (0, -TICK - 13), ha="center")
        tall = TICK + ROW * max(map(len, lines), default=0)
    ax.minorticks_off()
    label = style.wrapped(panel.x.label, width - 2 * beside - 8)
    ax.set_xlabel(" ".join(label)).set_visible(False)
    style.write(ax, label, (0.5, 0), ax.transAxes, (0, -tall - 15), ha="center", soft=True)
    room, beside = width - beside - BESIDE, beside + BESIDE
    before, after = [beside], [1.0]  # a text at an end of the axis may need more
    for place, name in zip(places, lines, strict=True):
        wide = max(map(style.text_width, name), default=0.0)
        inside = _share(place, (left, right), panel.x.log) * room
        before.append((0.87 if turned else 0.5) * wide - inside)
        after.append((0.0 if turned else 0.5) * wide - (room - inside))
    return max(before), max(after), tall + 3 + ROW * len(label)


def _share(place: float, between: Limits, log: bool) -> float:
    """Say how far between two limits a place is, from 0 to 1."""
    low, high, place = (math.log10(v) if log else v for v in (*between, place))
    return (place - low) / (high - low)


def stays(panel: Panel) -> object:
    """Collect everything around the data: panels with equal ones share it."""
    x, y = limits(panel)
    return panel.x, panel.y, x, y, beneath(panel, y[0]), [series.mark for series in panel.series]


def beneath(panel: Panel, low: float) -> str:
    """Say what the low edge of a logarithmic y axis stands for, if any value lies below."""
    marks = [series for series in panel.series if series.mark != "rule"]
    under = [y for series in marks for y in (*series.y, *series.upper) if y < low]
    if not panel.y.log or not under:
        return ""
    return f"≤{number(low)}" if max(under) > 0 else "≤0" if min(under) < 0 else "0"


def ticks(
    axis: Axis, between: Limits, count: int, *, edge: str = "", whole: bool = False
) -> list[tuple[float, str]]:
    """Choose places and texts of about `count` ticks, at whole numbers if `whole`.

    `edge` is what the low end says instead.
    """
    ticks = list(axis.ticks)
    if not ticks:
        with np.errstate(over="ignore"):  # decades beyond the largest float
            places = np.asarray(_places(axis, between, count, whole))
        places = places[within(places, between, log=axis.log)]
        powers = axis.log and not ((places >= 1e-3) & (places <= 1e5)).all()
        ticks = [(place, number(place, powers)) for place in places.tolist()]
    ticks = [tick for tick in ticks if within(tick[0], between, log=axis.log)]
    if edge:
        low, high = between
        apart = (high / low) ** (0.5 / count)
        ticks = [(low, edge), *(tick for tick in ticks if tick[0] > low * apart)]
    return ticks


def within(places: Any, between: Limits, *, log: bool) -> Any:
    """Say which places lie between two limits, give or take a hair."""
    low, high = between
    hair = HAIR * (low if log else high - low), HAIR * (high if log else high - low)
    return (places >= low - hair[0]) & (places <= high + hair[1])


def _places(axis: Axis, between: Limits, count: int, whole: bool) -> Sequence[float]:
    """Choose about `count` places: powers of ten, these and their parts, or steps of 1, 2 or 5.

    Powers are counted here, because versions of matplotlib choose other ones.
    """
    low, high = between
    if axis.log and (decades := math.log10(high) - math.log10(low)) >= 0.8:
        parts = (1, 2, 5) if decades < 2 else (1,)
        first, last = _power(low), _power(high) + 1
        every = 1 + math.floor((decades + HAIR) / count)
        powers = (power for power in range(first, last + 1) if power % every == 0)
        return [part * 10.0**power for power in powers if power < 308 for part in parts]
    return MaxNLocator(count, steps=STEPS, integer=whole and not axis.log).tick_values(low, high)


def number(value: float, power: bool = False) -> str:
    """Write a number as short as its digits allow, with a power of ten if it is large or small.

    With `power`, all but 0 and 1 have one.

    >>> number(0.5), number(-200000.0), number(5e-6), number(1e-300)
    ('0.5', '−200,000', '5×10⁻⁶', '10⁻³⁰⁰')
    """
    if value in (0, 1) or (1e-3 <= abs(value) < 1e6 and not power):
        return f"{value + 0.0:,.10g}".replace("-", "−")
    mantissa, exponent = f"{abs(value):.8e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    ten = "10" + str(int(exponent)).translate(RAISED)
    return ("−" if value < 0 else "") + (ten if mantissa == "1" else f"{mantissa}×{ten}")
