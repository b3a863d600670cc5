"""From values to places: limits, ticks and the text of ticks.

Owns the arithmetic of an axis. Knows nothing of matplotlib. A place is a fraction of the axis, 0 at
its low end and 1 at its high end, so that neither subnormal limits nor limits one ULP apart reach
the drawing library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbook.chart import Axis, Panel, Series

Places = NDArray[np.float64]
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FAR = 1e3  # places beyond this many axis lengths are drawn there: farther, Agg overflows


@dataclass(frozen=True)
class Scale:
    """One axis with its limits settled; `edge` is the text of a low edge that stands for less.

    On a logarithmic axis 0 has no place, so the low edge takes it and says so.
    """

    low: float
    high: float
    log: bool = False
    edge: str = ""

    def places(self, values: Iterable[float]) -> Places:
        """Where values stand: 0 to 1 inside; NaN for NaN; on a log axis nothing is below 0."""
        data = np.asarray(tuple(values), dtype=np.float64)
        with np.errstate(all="ignore"):
            if self.log:
                low, high = math.log10(self.low), math.log10(self.high)
                spots = (np.log10(np.maximum(data, self.low)) - low) / (high - low)
            else:  # halves, so that a range beyond the largest float does not overflow
                spots = (data / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return np.asarray(np.clip(spots, -FAR, FAR), dtype=np.float64)


def scale_of(axis: Axis, values: Sequence[float], *, to_zero: bool = False) -> Scale:
    """The scale of an axis: its own limits, or round ones around the finite values.

    `to_zero` asks that 0 be within (bars stand on it). On a logarithmic axis a value at or below
    the low limit makes that edge stand for 0.
    """
    if axis.log:
        return _log_scale(axis, values)
    finite = [value for value in values if math.isfinite(value)]
    known = [limit for limit in (axis.low, axis.high) if limit is not None]
    finite = finite or known or [0.0]
    low, high = min(finite), max(finite)
    if to_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    low = axis.low if axis.low is not None else low
    high = axis.high if axis.high is not None else high
    if not low < high:
        pad = abs(low) / 2 or 1.0
        low = low - pad if axis.low is None else low
        high = low + 2 * pad
    step = nice_step((high / 2 - low / 2) / 2.5)
    if axis.low is None and math.isfinite(step) and step > 0:
        low = math.floor(low / step) * step
    if axis.high is None and math.isfinite(step) and step > 0:
        high = math.ceil(high / step) * step
    return Scale(low, high)


def _log_scale(axis: Axis, values: Sequence[float]) -> Scale:
    positive = [value for value in values if 0 < value < math.inf]
    low, high = axis.low, axis.high
    if high is None:
        high = _decade(max(positive, default=(low or 0.1) * 10), math.ceil)
    if low is None:
        low = _decade(min(positive, default=high / 1000), math.floor)
        if any(value <= 0 for value in values):
            low = low / 10 or low
    if not low < high:
        high = low * 10
    return Scale(low, high, log=True, edge=_edge(low, values))


def _edge(low: float, values: Sequence[float]) -> str:
    under = [value for value in values if value < low]
    if not under:
        return ""
    if max(under) > 0:
        return f"≤{scientific(low)}"
    return "0" if min(under) == 0 else "≤0"


def _decade(value: float, to_whole: Callable[[float], int]) -> float:
    return float(f"1e{min(max(to_whole(math.log10(value)), -323), 308)}")


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `rough`."""
    if not rough > 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((n * power for n in (1, 2, 5) if n * power >= rough * (1 - 1e-9)), 10 * power)


def panel_scales(panel: Panel) -> tuple[Scale, Scale]:
    """The scales of a panel's x and y."""
    across: list[float] = []
    up: list[float] = []
    for one in panel.series:
        across += () if one.mark == "rule" else one.x
        up += (*one.y, *one.upper)
    bars = [one for one in panel.series if one.mark == "bars"]
    x = scale_of(panel.x, across)
    if bars:
        x = _with_room(x, bars, panel.x)
    return x, scale_of(panel.y, up, to_zero=bool(bars))


def _with_room(scale: Scale, bars: list[Series], axis: Axis) -> Scale:
    """The scale widened by half a bar where a bar would stick out."""
    values = [x for one in bars for x in one.x if math.isfinite(x) and (x > 0 or not axis.log)]
    if not values:
        return scale
    spots = scale.places(values)
    half = bar_width(spots) * 0.62
    low, high = min(0.0, float(spots.min()) - half), max(1.0, float(spots.max()) + half)
    if axis.low is None and axis.high is None:
        low, high = float(spots.min()) - half, float(spots.max()) + half
    if scale.log:
        start, span = math.log10(scale.low), math.log10(scale.high / scale.low)
        return Scale(10 ** (start + low * span), 10 ** (start + high * span), True, scale.edge)
    span = scale.high - scale.low
    return Scale(scale.low + low * span, scale.low + high * span)


def bar_width(spots: Places) -> float:
    """The least distance of two neighboring places: the room that one bar has."""
    apart = np.diff(np.unique(spots[np.isfinite(spots)]))
    apart = apart[apart > 1e-9]
    return float(apart.min()) if apart.size else 0.5


def ticks(axis: Axis, scale: Scale, count: int) -> list[tuple[float, str]]:
    """About `count` ticks as (place, text); an axis with ticks of its own keeps those."""
    if axis.ticks:
        spots = scale.places(position for position, _ in axis.ticks)
        pairs = zip(spots.tolist(), (text for _, text in axis.ticks), strict=True)
        found = [(spot, text) for spot, text in pairs if -1e-9 <= spot <= 1 + 1e-9]
        return found
    values = _log_ticks(scale, count) if scale.log else _linear_ticks(scale, count)
    texts = _log_texts(values) if scale.log else linear_texts(values)
    pairs = zip(scale.places(values).tolist(), texts, strict=True)
    found = [(spot, text) for spot, text in pairs if -1e-9 <= spot <= 1 + 1e-9]
    if scale.edge:
        return [(0.0, scale.edge), *((spot, text) for spot, text in found if spot > 0.5 / count)]
    return found


def _linear_ticks(scale: Scale, count: int) -> list[float]:
    step = nice_step((scale.high / 2 - scale.low / 2) / max(count, 1) * 2)
    if not (step > 0 and math.isfinite(step)):
        return [scale.low, scale.high]
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [number * step for number in range(first, min(last, first + 50) + 1)]


def _log_ticks(scale: Scale, count: int) -> list[float]:
    low, high = math.log10(scale.low), math.log10(scale.high)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first < 1 or (high - low) * 3 <= count:
        many = [(n, e) for e in range(math.floor(low), last + 1) for n in (1, 2, 5)]
        return [
            float(f"{n}e{e}") for n, e in many if low - 1e-9 <= math.log10(n) + e <= high + 1e-9
        ]
    every = max(1, math.ceil((last - first) / max(count - 1, 1)))
    every = next((n for n in (1, 2, 3, 5, 10, 20, 50, 100, 200) if n >= every), every)
    return [float(f"1e{e}") for e in range(first, last + 1) if e % every == 0]


def power_of_ten(exponent: int) -> str:
    """Ten to a whole power, written with raised digits."""
    return "10" + str(exponent).translate(SUPERSCRIPT)


def _log_texts(values: list[float]) -> list[str]:
    if all(1e-3 <= value <= 1e4 for value in values):
        return [f"{value:g}" for value in values]
    return [scientific(value) for value in values]


def scientific(value: float, digits: int = 0) -> str:
    """A number as 2×10⁻⁶; a mantissa of exactly 1 is left out."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    power = power_of_ten(int(exponent))
    text = power if float(mantissa) == 1 else f"{mantissa}×{power}"
    return (f"−{power}" if float(mantissa) == -1 else text).replace("-", "−")


def linear_texts(values: list[float]) -> list[str]:
    """Evenly spaced numbers, all with the digits that tell neighbors apart."""
    if len(values) < 2:
        return [f"{value:g}".replace("-", "−") for value in values]
    step = values[1] - values[0]
    largest = max(abs(values[0]), abs(values[-1]))
    fine = math.floor(math.log10(step) + 1e-9) if 0 < step < math.inf else 0
    if largest >= 1e6 or largest < 1e-3:
        digits = max(0, math.floor(math.log10(largest) + 1e-9) - fine) if largest > 0 else 0
        return [scientific(value, min(digits, 17)) for value in values]
    decimals = min(max(0, -fine), 20)
    return [f"{value + 0.0:.{decimals}f}".replace("-", "−") for value in values]
