"""From values to places: the limits of an axis and where a value stands between them.

Owns the arithmetic of an axis, and how one number is written. A place is a fraction of the axis, 0
at its low end and 1 at its high end. Knows nothing of matplotlib, whose axes widen limits that are
a few ULPs apart and overflow at the largest floats.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbook.chart import Axis, Panel

Places = NDArray[np.float64]
LARGEST = sys.float_info.max
FAR = 1e3  # axis lengths; what lies farther is drawn there, as Agg overflows beyond
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
HAIR = 1e-9  # places this far beyond 0 or 1 still count as inside


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
        """Where values stand: 0 to 1 inside; NaN for NaN; on a log axis nothing is below 0.

        >>> Scale(1.0, 100.0, log=True).places([0.0, 10.0, 100.0]).tolist()
        [0.0, 0.5, 1.0]
        """
        data = np.asarray(tuple(values), dtype=np.float64)
        low, high = self.low, self.high
        with np.errstate(all="ignore"):
            if self.log:
                data = np.log10(np.maximum(data, low))
                low, high = math.log10(low), math.log10(high)
            elif not high - low < math.inf:  # halves, as the range is beyond the largest float
                data, low, high = data / 2, low / 2, high / 2
            return np.asarray(np.clip((data - low) / (high - low), -FAR, FAR))


def panel_scales(panel: Panel) -> tuple[Scale, Scale]:
    """The scales of a panel's x and y: the limits that its axes state, or round ones."""
    across = [x for one in panel.series if one.mark != "rule" for x in one.x]
    up = [y for one in panel.series for y in (*one.y, *one.upper)]
    bars = [x for one in panel.series if one.mark == "bars" for x in one.x]
    x, y = scale_of(panel.x, across), scale_of(panel.y, up, bars=bool(bars))
    return (_with_room(x, bars, panel.x) if bars else x), y


def scale_of(axis: Axis, values: Sequence[float], *, bars: bool = False) -> Scale:
    """The scale of an axis: its own limits, or round ones around the finite values.

    `bars` asks that what bars stand on be within: 0, or on a logarithmic axis a decade below the
    shortest. There, a value below the low limit makes that edge stand for it.
    """
    if axis.log:
        return _log_scale(axis, values, bars)
    finite = [value for value in values if math.isfinite(value)]
    known = finite or [limit for limit in (axis.low, axis.high) if limit is not None] or [0.0]
    known += [0.0] if bars else []
    low = min(known) if axis.low is None else axis.low
    high = max(known) if axis.high is None else axis.high
    if not low < high:
        pad = abs(low) / 2 or 1.0
        low = max(low - pad, -LARGEST) if axis.low is None else low
        high = min(max(low, high) + pad, LARGEST) if axis.high is None else high
    rough = (high / 2 - low / 2) / 2.5
    step = nice_step(rough) if rough > 0 else 0.0  # subnormal limits stay as they are
    if step > 4 * math.ulp(max(abs(low), abs(high))) and abs(high) + abs(low) < 1e300:
        low = math.floor(low / step + HAIR) * step if axis.low is None else low
        high = math.ceil(high / step - HAIR) * step if axis.high is None else high
    return Scale(low, high)


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `rough`, which is above 0."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((n * power for n in (1, 2, 5) if n * power >= rough * (1 - HAIR)), 10 * power)


def bar_width(spots: Places) -> float:
    """The least distance of two neighboring places: the room that one bar has."""
    apart = np.diff(np.unique(spots[np.isfinite(spots)]))
    return float(np.min(apart[apart > 1e-6], initial=FAR)) if (apart > 1e-6).any() else 0.5


def _log_scale(axis: Axis, values: Sequence[float], bars: bool) -> Scale:
    positive = [value for value in values if 0 < value < math.inf]
    low, high = axis.low, axis.high
    if high is None:
        high = _decade(max(positive, default=10 * (low or 0.1)), math.ceil)
    if low is None:
        low = _decade(min(positive, default=high / 1000), math.floor)
        zeros = any(value <= 0 for value in values)
        if zeros or (bars and min(positive, default=high) <= low):
            low = _decade(low / 10 or low, round)
    if not low < high and axis.low is None:
        low = low / 10 or low
    if not low < high:
        high = low * 10
    under = [value for value in values if value < low]
    zero = "0" if min(under, default=0) == 0 else "≤0"
    edge = "" if not under else f"≤{scientific(low)}" if max(under) > 0 else zero
    return Scale(low, high, log=True, edge=edge)


def _decade(value: float, whole: Callable[[float], int]) -> float:
    nearest = round(math.log10(value))
    exponent = nearest if float(f"1e{nearest}") == value else whole(math.log10(value))
    return float(f"1e{min(max(exponent, -323), 308)}")


def _with_room(scale: Scale, bars: Sequence[float], axis: Axis) -> Scale:
    """The scale with half a bar to spare on both sides; limits that are stated only widen."""
    spots = scale.places(value for value in bars if math.isfinite(value))
    if not spots.size:
        return scale
    half = bar_width(spots) * 0.62
    first, last = float(spots.min()) - half, float(spots.max()) + half
    first = first if axis.low is None else min(0.0, first)
    last = last if axis.high is None else max(1.0, last)
    if scale.log:
        start, span = math.log10(scale.low), math.log10(scale.high) - math.log10(scale.low)
        low, high = max(start + first * span, -323.0), min(start + last * span, 308.25)
        return Scale(10**low, 10**high, True, scale.edge)
    span = min(scale.high - scale.low, LARGEST)
    low, high = scale.low + first * span, scale.low + last * span
    return Scale(max(low, -LARGEST), min(high, LARGEST))


def scientific(value: float, digits: int = 0) -> str:
    """A number with a power of ten; a mantissa of 1 is left out.

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
    """A number in three digits.

    >>> short(0.25), short(-30.0), short(1e-9)
    ('0.25', '−30', '10⁻⁹')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return minus(f"{value:.3g}" if abs(value) < 1e3 else f"{value:.0f}")
    return scientific(value, 0 if float(f"{value:.2e}") == float(f"{value:.0e}") else 2)


def power_of_ten(exponent: int) -> str:
    """Ten to a whole power, its digits raised."""
    return "10" + str(exponent).translate(RAISED)


def minus(number: str) -> str:
    """A number with a true minus sign."""
    return number.replace("-", "−")
