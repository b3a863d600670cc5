"""Series as artists: lines, points, bars, steps, rules and bands inside one frame.

Owns how each mark is drawn and what happens at the edges: a NaN is a gap, a value beyond the limits
an arrow at the edge, a zero on a logarithmic axis a hollow marker on the edge that is labelled 0.
Knows nothing of layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path
from numpy.typing import NDArray

from workbook.chart import Panel, Series
from workbook.plots import style
from workbook.plots.scales import Scale, bar_width
from workbook.plots.shapes import Frame, Places, area, boxes, curve, dots

Flags = NDArray[np.bool_]
HAIR = 1e-9  # places this far beyond 0 or 1 still count as inside


@dataclass(frozen=True)
class Look:
    """How the series with a certain number differs from the others, in color and without.

    `under` is how many series of points are drawn over it: its own points are that much larger.
    """

    number: int
    under: int = 0

    @property
    def color(self) -> str:
        """The full color, for thin marks."""
        return style.COLORS[self.number % len(style.COLORS)]

    @property
    def dash(self) -> tuple[float, ...]:
        """The dashes of its lines."""
        return style.DASHES[self.number % len(style.DASHES)]

    @property
    def marker(self) -> str:
        """The marker of its points."""
        return style.MARKERS[self.number % len(style.MARKERS)]

    def area(self, path: Path, *, fine: bool = False) -> Artist:
        """An area: the first series in its full color, the others light with a hatch."""
        hatch = style.HATCHES[self.number % len(style.HATCHES)]
        if not hatch:
            return area(path, fill=self.color)
        fill = style.TINTS[self.number % len(style.TINTS)]
        return area(path, fill=fill, line=self.color, hatch=hatch, width=0.5 if fine else 1)


@dataclass
class Drawn:
    """The artists of a panel, in the order of drawing.

    `inside` ends at the frame; `over` may stand on its edge; `names` are the labels of the rules,
    each with the pixel row of its line.
    """

    inside: list[Artist] = field(default_factory=list)
    over: list[Artist] = field(default_factory=list)
    names: list[tuple[str, float]] = field(default_factory=list)


def looks(panel: Panel) -> list[Look]:
    """The look of each series; rules look all alike and take no number."""
    found, number = [], 0
    for place, one in enumerate(panel.series, start=1):
        found.append(Look(number, sum(later.mark == "points" for later in panel.series[place:])))
        number += one.mark != "rule"
    return found


def marks(panel: Panel, scales: tuple[Scale, Scale], frame: Frame) -> Drawn:
    """The artists of a panel's series: bands lowest, then the rules, then the others in order."""
    drawn = Drawn()
    bars = [one for one in panel.series if one.mark == "bars"]
    pairs = list(zip(panel.series, looks(panel), strict=True))
    order = {"band": 0, "bars": 1, "rule": 2}
    for one, look in sorted(pairs, key=lambda pair: order.get(pair[0].mark, 3)):
        if one.mark == "rule":
            _rule(drawn, one, scales[1], frame)
        elif one.mark == "bars":
            _bars(drawn, one, look, scales, frame, (bars.index(one), len(bars)))
        elif one.mark == "band":
            _band(drawn, one, look, scales, frame)
        else:
            _line(drawn, one, look, scales, frame)
    return drawn


def _line(drawn: Drawn, one: Series, look: Look, scales: tuple[Scale, Scale], frame: Frame) -> None:
    across, up = scales[0].places(one.x), scales[1].places(one.y)
    values = np.asarray(one.y, dtype=np.float64)
    x, y = frame.x(across), frame.y(np.where(np.isfinite(values), up, np.nan))
    here = _within(across)
    zero = here & (values < scales[1].low) if scales[1].log else np.zeros(len(values), dtype=bool)
    marked = here & _within(up) & ~zero
    size = 9.0 if len(x) <= 3 else 7.0 if len(x) <= 60 else 4.5  # few points are meant to be seen
    size += min(3.0 * look.under, 6.0)
    if one.mark != "points":
        line = curve(x, y, color=look.color, width=2, dash=look.dash)
        if one.mark == "steps":
            line.set_drawstyle("steps-post")
        drawn.inside.append(line)
        marked &= _spread(len(x), look.number)
        size = 6.0
    drawn.over.append(dots(x, _only(y, marked), look.marker, look.color, size=size))
    if zero.any():  # later series smaller, so that two zeros in one place both show
        size = max((10.5 if len(x) <= 60 else 7.5) - 2.5 * look.number, 5.0)
        foot = np.full(len(x), frame.foot)
        drawn.over.append(
            dots(x, _only(foot, zero), look.marker, look.color, size=size, hollow=True)
        )
    _arrows(drawn, x, np.where(here, up, np.nan), frame, look, each=one.mark == "points")


def _arrows(drawn: Drawn, x: Places, up: Places, frame: Frame, look: Look, *, each: bool) -> None:
    """Hollow arrows where values lie beyond the limits; for a line one where it leaves."""
    ends = ((up > 1 + HAIR, "^", frame.top + 5), (up < -HAIR, "v", frame.foot - 5))
    for beyond, marker, end in ends:
        leaves = beyond if each else beyond & ~np.concatenate(([False], beyond[:-1]))
        if leaves.any():
            y = _only(np.full(len(x), end), leaves)
            drawn.over.append(dots(x, y, marker, look.color, size=8, hollow=True))


def _bars(
    drawn: Drawn,
    one: Series,
    look: Look,
    scales: tuple[Scale, Scale],
    frame: Frame,
    among: tuple[int, int],
) -> None:
    index, count = among
    spots = scales[0].places(one.x)
    room = bar_width(spots) * 0.86
    middle = spots - room / 2 + room * (index + 0.5) / count
    up = scales[1].places(one.y)
    base = float(np.clip(scales[1].places([0.0]), 0, 1)[0])
    here = np.isfinite(up) & np.isfinite(spots) & (up != base)
    half, tops = room / count / 2, np.clip(up[here], -0.01, 1.01)
    left, right = frame.x(middle[here] - half), frame.x(middle[here] + half)
    path = boxes(left, right, frame.y(tops), frame.y(np.full(len(tops), base)))
    if here.any():
        drawn.inside.append(look.area(path, fine=half * frame.width < 2.5))
    _arrows(drawn, frame.x(middle), np.where(_within(spots), up, np.nan), frame, look, each=True)


def _band(drawn: Drawn, one: Series, look: Look, scales: tuple[Scale, Scale], frame: Frame) -> None:
    x = frame.x(scales[0].places(one.x))
    low, high = (frame.y(scales[1].places(values)) for values in (one.y, one.upper))
    good = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    outlines = []
    for run in _runs(good):
        there, back = np.stack([x[run], low[run]], 1), np.stack([x[run], high[run]], 1)[::-1]
        outlines.append(Path(np.concatenate([there, back, there[:1]]), closed=True))
    if outlines:
        path = Path.make_compound_path(*outlines)
        drawn.inside.append(area(path, fill=look.color, alpha=0.2))
    for edge in (low, high):
        drawn.inside.append(curve(x, _only(edge, good), color=look.color, width=1, dash=look.dash))


def _rule(drawn: Drawn, one: Series, scale: Scale, frame: Frame) -> None:
    spot = float(scale.places(one.y)[0])
    if np.isnan(spot):
        return
    y = float(frame.y(np.array([min(max(spot, 0.0), 1.0)]))[0])
    dash = style.RULES[len(drawn.names) % len(style.RULES)]
    ends = np.array([frame.left, frame.right])
    drawn.inside.append(curve(ends, np.array([y, y]), color=style.INK, width=1.6, dash=dash))
    arrow = " ↑" if spot > 1 + HAIR else " ↓" if spot < -HAIR else ""
    drawn.names.append((one.label + arrow, y))


def _within(places: Places) -> Flags:
    return np.asarray((places >= -HAIR) & (places <= 1 + HAIR))


def _only(values: Places, wanted: Flags) -> Places:
    return np.where(wanted, values, np.nan)


def _spread(count: int, number: int) -> Flags:
    """Which points of a line get a marker: all of a few, else about nine, shifted for each line."""
    wanted = np.zeros(count, dtype=bool)
    every = 1 if count <= 25 else max(1, count // 9)
    wanted[(number * every // 3) % every :: every] = True
    return wanted


def _runs(good: Flags) -> list[slice]:
    """The stretches of neighbors that are all good."""
    ends = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return [slice(int(a), int(b)) for a, b in zip(ends[::2], ends[1::2], strict=True)]
