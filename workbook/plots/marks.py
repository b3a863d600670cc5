"""Series as artists: lines, points, bars, steps, rules and bands inside one frame.

Owns how each mark is drawn and what happens at the edges: a NaN is a gap, a value beyond the limits
an arrow at the edge, a zero on a logarithmic axis a hollow marker on the edge that is labelled 0.
Knows nothing of layout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path
from matplotlib.text import Text
from numpy.typing import NDArray

from workbook.chart import Panel, Series
from workbook.plots import style
from workbook.plots.scales import HAIR, Scale, bar_width
from workbook.plots.shapes import Frame, Places, area, boxes, curve, dots, label

Flags = NDArray[np.bool_]
ORDER = {"band": 0, "bars": 1, "rule": 2}  # of drawing; the others follow as they come
DARK = 200  # a pixel whose darkest channel is below this is ink; the grid and light fills are not
ENOUGH = 0.01  # a place with less than this share of ink is free
STEP = 40.0  # from one place for a rule's name to the next, leftward


@dataclass(frozen=True)
class Look:
    """How the series with a certain number differs from the others, in color and without.

    `under` is how many series of points are drawn over it: its own points are that much larger.
    """

    number: int
    under: int
    marker: str
    color: str
    dash: tuple[float, ...]
    hatch: str
    tint: str

    def bars(self, path: Path, *, fine: bool = False) -> Artist:
        """Bars: the first series in its full color, the others light with a hatch."""
        if not self.hatch:
            return area(path, fill=self.color)
        width = 0.5 if fine else 1
        return area(path, fill=self.tint, line=self.color, hatch=self.hatch, width=width)

    def band(self, x: Places, low: Places, high: Places) -> list[Artist]:
        """A tint between two edges, and the edges; a NaN parts it."""
        good = np.isfinite(x + low + high)
        ends = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
        found: list[Artist] = []
        for first, last in ends.reshape(-1, 2):
            there = np.stack([x, low], 1)[first:last]
            back = np.stack([x, high], 1)[first:last][::-1]
            outline = Path(np.concatenate([there, back, there[:1]]), closed=True)
            found.append(area(outline, fill=self.color, alpha=0.2))
        for edge in (low, high):
            found.append(curve(x, _only(edge, good), color=self.color, width=1, dash=self.dash))
        return found

    def sample(self, mark: str, x: float, y: float) -> list[Artist]:
        """The legend's picture of a series, its left edge at x, its middle at y."""
        if mark == "bars":
            return [self.bars(boxes(x, x + 26, y - 5.5, y + 5.5))]
        ends = np.array([x, x + 28])
        if mark == "band":
            return self.band(ends, np.full(2, y - 5.5), np.full(2, y + 5.5))
        dot = dots([x + 14], [y], self.marker, self.color, size=7)
        if mark == "points":
            return [dot]
        return [curve(ends, (y, y), color=self.color, width=2, dash=self.dash), dot]


def looks(panel: Panel) -> list[Look]:
    """The look of each series; rules look all alike and take no number."""
    found: list[Look] = []
    number = 0
    for place, one in enumerate(panel.series, start=1):
        under = sum(later.mark == "points" for later in panel.series[place:])
        kind = number % len(style.SERIES)
        marker = style.MARKERS[number % len(style.MARKERS)]
        found.append(Look(number, under, marker, *style.SERIES[kind]))
        number += one.mark != "rule"
    return found


class Marks:
    """The artists of a panel's series: bands lowest, then the rules, then the others in order.

    `inside` ends at the frame; `over` may stand on its edge; `names` are the labels of the rules,
    each with the pixel row of its line.
    """

    def __init__(self, panel: Panel, scales: tuple[Scale, ...], frame: Frame) -> None:
        self.inside: list[Artist] = []
        self.over: list[Artist] = []
        self.names: list[tuple[str, float]] = []
        self._across, self._up = scales
        self._frame = frame
        self._bars = [one for one in panel.series if one.mark == "bars"]
        pairs = list(zip(panel.series, looks(panel), strict=True))
        draw = {"band": self._add_band, "bars": self._add_bars, "rule": self._add_rule}
        for one, look in sorted(pairs, key=lambda pair: ORDER.get(pair[0].mark, 3)):
            draw.get(one.mark, self._add_line)(one, look)

    def _add_line(self, one: Series, look: Look) -> None:
        values = np.asarray(one.y, dtype=np.float64)
        across, up = self._across.places(one.x), self._up.places(values)
        x, y = self._frame.x(across), self._frame.y(np.where(np.isfinite(values), up, np.nan))
        here = _within(across)
        zero = here & (values < self._up.low) & self._up.log
        marked = here & _within(up) & ~zero
        few, joined = len(x) <= 60, one.mark != "points"
        size = 9.0 if len(x) <= 3 else 7.0 if few else 4.5  # few points are meant to be seen
        size += min(3.0 * look.under, 6.0)
        if joined:
            line = curve(x, y, color=look.color, width=2, dash=look.dash)
            line.set_drawstyle("steps-post" if one.mark == "steps" else "default")
            self.inside.append(line)
            marked &= _spread(len(x), look.number)
            size = 6.0
        self.over.append(dots(x, _only(y, marked), look.marker, look.color, size=size))
        # Later series smaller, so that two zeros in one place both show.
        size = max((10.5 if few else 7.5) - 2.5 * look.number, 5.0)
        self._add_hollow(x, self._frame.foot, zero, look.marker, look, size)
        self._add_arrows(x, np.where(here, up, np.nan), look, each=not joined)

    def _add_arrows(self, x: Places, up: Places, look: Look, *, each: bool) -> None:
        """Hollow arrows where values lie beyond the limits; for a line one where it leaves."""
        top, foot = self._frame.top + 5, self._frame.foot - 5
        for beyond, marker, y in ((up > 1 + HAIR, "^", top), (up < -HAIR, "v", foot)):
            leaves = beyond if each else beyond & ~np.concatenate(([False], beyond[:-1]))
            self._add_hollow(x, y, leaves, marker, look, 8)

    def _add_hollow(
        self, x: Places, y: float, wanted: Flags, marker: str, look: Look, size: float
    ) -> None:
        if wanted.any():
            level = np.where(wanted, y, np.nan)
            self.over.append(dots(x, level, marker, look.color, size=size, hollow=True))

    def _add_bars(self, one: Series, look: Look) -> None:
        spots, up = self._across.places(one.x), self._up.places(one.y)
        room = bar_width(spots) * 0.86
        half = room / len(self._bars) / 2
        middle = spots - room / 2 + half * (2 * self._bars.index(one) + 1)
        base = np.clip(self._up.places([0.0]), 0, 1)
        here = np.isfinite(up) & np.isfinite(spots) & (up != base)
        if here.any():
            left, right = (self._frame.x(middle[here] + side) for side in (-half, half))
            tops = self._frame.y(np.clip(up[here], -0.01, 1.01))
            path = boxes(left, right, tops, self._frame.y(base))
            self.inside.append(look.bars(path, fine=half * self._frame.width < 2.5))
        seen = np.where(_within(spots), up, np.nan)
        self._add_arrows(self._frame.x(middle), seen, look, each=True)

    def _add_band(self, one: Series, look: Look) -> None:
        x = self._frame.x(self._across.places(one.x))
        low, high = (self._frame.y(self._up.places(values)) for values in (one.y, one.upper))
        self.inside += look.band(x, low, high)

    def _add_rule(self, one: Series, _: Look) -> None:
        spot = float(self._up.places(one.y)[0])
        if np.isnan(spot):
            return
        y = self._frame.foot - min(max(spot, 0.0), 1.0) * self._frame.height
        dash = style.RULES[len(self.names) % len(style.RULES)]
        ends = (self._frame.left, self._frame.right)
        self.inside.append(curve(ends, (y, y), color=style.INK, width=1.6, dash=dash))
        arrow = " ↑" if spot > 1 + HAIR else " ↓" if spot < -HAIR else ""
        self.names.append((one.label + arrow, y))


def rule_name(text: str, y: float, frame: Frame, pixels: NDArray[np.uint8], scale: float) -> Text:
    """The name of the rule at y: above or below its line, as near its right end as is free.

    Where no place is free, the one with the least ink, on a pale ground. `pixels` is the picture
    so far, with `scale` pixels to a CSS pixel.
    """
    text = style.shorten(text, frame.width - 8)
    width = style.text_width(text)
    best, least = (frame.right - 5, y - 5), 1.0
    for right in np.arange(frame.right - 5, frame.left + 3 + width, -STEP):
        for row in (y - 5, y + 14):
            if not frame.top + 9 <= row <= frame.foot - 2:
                continue
            rows = slice(max(0, round((row - 10.5) * scale)), round((row + 3) * scale))
            ends = max(0, round((right - width - 2) * scale)), round((right + 2) * scale)
            share = float((pixels[rows, slice(*ends), :3].min(axis=2) < DARK).mean())
            if share < ENOUGH:
                return label(float(right), row, text, align="right")
            if share < least:
                best, least = (float(right), row), share
    found = label(*best, text, align="right")
    found.set_bbox({"facecolor": style.PAPER, "alpha": 0.85, "linewidth": 0, "pad": 0.5})
    return found


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
