"""Series on matplotlib's Axes: lines, points, bars, steps, rules and bands.

Owns how each mark is drawn and what happens at the edges: a NaN is a gap, a value beyond the limits
an arrow at the edge, a zero on a logarithmic axis a hollow marker on the edge that is labeled 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform, ScaledTranslation
from numpy.typing import NDArray

from workbook.chart import Panel, Series
from workbook.plots import style
from workbook.plots.axes import bar_width
from workbook.plots.style import POINT, Look, Theme, color

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
ORDER = {"band": 0, "bars": 1, "rule": 2, "points": 4}  # of drawing; the others are 3
FAR = 1e200  # as good as infinite
HAIR = 1e-9  # places this far beyond 0 or 1 still count as inside
STEP = 40.0  # from one place for a rule's name to the next, leftward
DARK, ENOUGH = 60, 0.01  # ink differs from paper by so much; a place with less of it is free


def draw(ax: Any, panel: Panel, theme: Theme) -> list[Artist]:
    """Add the marks of a panel to its axes: the artists, in the order of drawing."""
    return Marks(ax, panel, theme).artists


def series_looks(panel: Panel) -> list[Look]:
    """Give each series its look; rules look all alike and take none."""
    free = iter(style.looks(tuple(one.label for one in panel.series if one.mark != "rule")))
    return [style.CODE["raises"] if one.mark == "rule" else next(free) for one in panel.series]


def samples(panel: Panel, theme: Theme) -> list[tuple[str, Any]]:
    """Make the legend's entries: names and pictures of all series but rules, named in place."""
    pairs = zip(panel.series, series_looks(panel), strict=True)
    return [
        (one.label, _sample(one, look, theme))
        for one, look in pairs
        if one.label and one.mark != "rule"
    ]


def _sample(one: Series, look: Look, theme: Theme) -> Artist:
    own = color(look, theme)
    if one.mark == "bars":
        return Patch(**bar_fill(look, theme))
    if one.mark == "band":
        return Patch(
            facecolor=style.tint(look, theme), edgecolor=own, linewidth=0.75, linestyle=dashed(look)
        )
    line: Any = "none" if one.mark == "points" else dashed(look)
    return Line2D(
        [], [], color=own, linestyle=line, marker=look.marker, markersize=7 * POINT, mew=0
    )


def dashed(look: Look) -> Any:
    """Name the look's dash as matplotlib does."""
    return (0, look.dash) if look.dash else "-"


def bar_fill(look: Look, theme: Theme, *, fine: bool = False) -> dict[str, Any]:
    """Fill bars: in full color where a look has no hatch, else with its tint and the hatch."""
    own = color(look, theme)
    if not look.hatch:
        return {"facecolor": own, "linewidth": 0}
    return {
        "facecolor": style.tint(look, theme),
        "edgecolor": own,
        "hatch": look.hatch,
        "linewidth": (0.5 if fine else 1) * POINT,
    }


class Marks:
    """The artists of one panel: bands lowest, then bars, rules, and the others in their order.

    What may stand on the frame's edge comes last. Places are fractions of an axis, 0 at its low
    end, 1 at its high end.
    """

    def __init__(self, ax: Any, panel: Panel, theme: Theme) -> None:
        self.ax, self.panel, self.theme = ax, panel, theme
        self.artists: list[Artist] = []
        self._over: list[Artist] = []
        self._names: list[Artist] = []  # of rules; they look at what was drawn before them
        self._bars = [one for one in panel.series if one.mark == "bars"]
        self._rules = [one for one in panel.series if one.mark == "rule"]
        add = {"band": self._band, "bars": self._bar, "rule": self._rule}
        numbered = list(enumerate(zip(panel.series, series_looks(panel), strict=True)))
        for number, (one, look) in sorted(numbered, key=lambda n: ORDER.get(n[1][0].mark, 3)):
            if one.y:
                add.get(one.mark, self._line)(number, one, look)
        self.artists += self._over + self._names

    def _places(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Place points: below 0 what has no place on a logarithmic axis, NaN for NaN."""
        points = np.clip(np.stack([x, y], 1), -FAR, FAR)  # an infinity would spoil its neighbor
        with np.errstate(all="ignore"):
            scaled = (self.ax.transScale + self.ax.transLimits).transform(points)
        return scaled[:, 0], scaled[:, 1]

    def _bounded(self, values: Numbers) -> Numbers:
        """Bound heights to one frame beyond its edges, with a gap for infinities."""
        low, high = self.ax.get_ylim()
        ends = (low, FAR) if self.panel.y.log else (2 * low - high, 2 * high - low)
        return np.clip(np.where(np.isfinite(values), values, np.nan), *ends)

    def _line(self, number: int, one: Series, look: Look) -> None:
        x, y = _numbers(one.x), _numbers(one.y)
        across, up = self._places(x, y)
        zero = _within(across) & (up < -HAIR) & np.isfinite(y) & self.panel.y.log
        marked = _within(across) & _within(up)
        later = sum(each.mark == "points" for each in self.panel.series[number + 1 :])
        few, joined = len(x) <= 60, one.mark != "points"
        size = 9.0 if len(x) <= 3 else 7.0 if few else 4.5
        size += min(3.0 * later, 6.0)  # points below others are larger, so that both show
        if joined:
            steps: Any = "steps-post" if one.mark == "steps" else "default"
            line = Line2D(x, self._bounded(y), linestyle=dashed(look), drawstyle=steps)
            self._add(line, look, self.artists)
            marked &= _spread(len(x), number)
            size = 6.0
        dots = Line2D(x[marked], y[marked], linestyle="none", marker=look.marker)
        dots.set(markersize=size * POINT, markeredgewidth=0)
        self._add(dots, look, self._over)
        # Later series smaller, so that two zeros in one place both show.
        size = max((10.5 if few else 7.5) - 2.5 * number, 5.0)
        self._hollow(x[zero], 0, look, look.marker, size)
        beyond = np.where(_within(across) & ~zero, up, np.nan)
        self._arrows(x, beyond, look, each=not joined)

    def _add(self, line: Line2D, look: Look, to: list[Artist]) -> None:
        line.set(color=color(look, self.theme))
        self.ax.add_artist(line)
        line.set_clip_on(to is self.artists)
        to.append(line)

    def _hollow(
        self, x: Numbers, place: float, look: Look, marker: str, size: float, inward: float = 0
    ) -> None:
        """Add hollow markers at a height of the frame, so many CSS pixels inward."""
        if len(x):
            dots = Line2D(x, np.full(len(x), place), linestyle="none", marker=marker)
            dots.set(markersize=size * POINT, markeredgewidth=1.4 * POINT)
            shift = ScaledTranslation(0, inward / 96, self.ax.figure.dpi_scale_trans)
            dots.set_transform(self.ax.get_xaxis_transform() + shift)
            self._add(dots, look, self._over)
            dots.set_markerfacecolor(style.PAPER[self.theme])

    def _arrows(self, x: Numbers, up: Numbers, look: Look, *, each: bool) -> None:
        """Add hollow arrows where values lie beyond the limits; a line gets one where it leaves."""
        for beyond, marker, place, inward in ((up > 1 + HAIR, "^", 1, -5), (up < -HAIR, "v", 0, 5)):
            leaves = beyond if each else beyond & ~np.concatenate(([False], beyond[:-1]))
            self._hollow(x[leaves], place, look, marker, 8, inward)

    def _bar(self, _: int, one: Series, look: Look) -> None:
        x, y = _numbers(one.x), _numbers(one.y)
        across, up = self._places(x, y)
        log = self.panel.x.log
        spots: Any = np.log10(np.where(x > 0, x, np.nan)) if log else x
        room = bar_width(spots[np.isfinite(spots)]) * 0.86
        half = room / len(self._bars) / 2
        middle = spots - room / 2 + half * (2 * self._bars.index(one) + 1)
        left, right = ((10.0**v if log else v) for v in (middle - half, middle + half))
        base = self.ax.get_ylim()[0] if self.panel.y.log else 0.0
        here = np.isfinite(up) & _within(across) & (self._bounded(y) != base)
        if here.any():
            foot, tops = np.full(here.sum(), base), self._bounded(y)[here]
            edges = [(left, foot), (left, tops), (right, tops), (right, foot)]
            corners = np.array([(side[here], level) for side, level in edges])
            boxes = Path.make_compound_path_from_polys(corners.transpose(2, 0, 1))
            narrow = self._width(half) < 2.5
            self._area(PathPatch(boxes, **bar_fill(look, self.theme, fine=narrow)))
        beyond = np.where(_within(across), up, np.nan)
        self._arrows(10.0**middle if log else middle, beyond, look, each=True)

    def _area(self, patch: PathPatch) -> None:
        self.ax.add_artist(patch)
        self.artists.append(patch)

    def _width(self, scaled: float) -> float:
        """Turn a width on the x axis into CSS pixels."""
        low, high = (np.log10(e) if self.panel.x.log else e for e in self.ax.get_xlim())
        return float(scaled / (high - low) * self.ax.bbox.width / self.ax.figure.dpi * 96)

    def _band(self, _: int, one: Series, look: Look) -> None:
        x, low, high = (_numbers(values) for values in (one.x, one.y, one.upper))
        good = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        low, high = (np.where(good, self._bounded(edge), np.nan) for edge in (low, high))
        fill = self.ax.fill_between(
            x, low, high, where=good, linewidth=0, alpha=style.TINTED[self.theme]
        )
        fill.set_facecolor(color(look, self.theme))
        self.artists.append(fill)
        for edge in (low, high):
            self._add(Line2D(x, edge, linestyle=dashed(look), linewidth=0.75), look, self.artists)

    def _rule(self, _: int, one: Series, look: Look) -> None:
        up = self._places(_numbers((self.ax.get_xlim()[0],)), _numbers(one.y))[1]
        if np.isnan(up[0]):
            return
        dash = style.RULES[self._rules.index(one) % len(style.RULES)]
        level = float(np.clip(up[0], 0, 1))
        line = Line2D((0, 1), (level, level), linestyle=(0, dash), linewidth=1.2)
        line.set_transform(self.ax.transAxes)
        self._add(line, look, self.artists)
        line.set_color(style.INK[self.theme])
        arrow = " ↑" if up[0] > 1 + HAIR else " ↓" if up[0] < -HAIR else ""
        name = RuleName(one.label + arrow, level, self.theme)
        self.ax.add_artist(name)
        name.set_clip_on(False)
        self._names.append(name)


class RuleName(Text):
    """The name of a rule: above or below its line, as near its right end as is free of ink.

    Where no place is free, the one with the least ink, on a ground of paper. It looks at what was
    drawn before it and must be drawn last; on other canvases than Agg it stands at the end.
    """

    def __init__(self, text: str, level: float, theme: Theme) -> None:
        super().__init__(0, 0, text, fontproperties=style.font(style.TEXT), color=style.INK[theme])
        self.set(horizontalalignment="right", verticalalignment="baseline", parse_math=False)
        self._level, self._paper = level, style.PAPER[theme]
        self.set_transform(IdentityTransform())

    def draw(self, renderer: Any) -> None:
        """Find the place, then draw."""
        axes: Any = self.axes
        box, pixel = axes.bbox, axes.figure.dpi / 96
        width = style.text_width(self.get_text()) * pixel
        line = box.y0 + self._level * box.height
        best, least = (box.x1 - 5 * pixel, line + 5 * pixel), 1.0
        if hasattr(renderer, "buffer_rgba"):
            drawn = np.asarray(renderer.buffer_rgba())
            first, last = (round(len(drawn) - line - part * pixel) for part in (17, -19))
            first = max(first, 0)  # the rows in which a name could stand
            near = drawn[first:last, :, :3].astype(np.int16)
            ink = np.abs(near - np.array(to_rgb(self._paper)) * 255).max(axis=2) > DARK
            for right in np.arange(box.x1 - 5 * pixel, box.x0 + 3 * pixel + width, -STEP * pixel):
                for foot in (line + 5 * pixel, line - 14 * pixel):
                    if not box.y0 + 2 * pixel <= foot <= box.y1 - 9 * pixel:
                        continue
                    level = len(drawn) - foot
                    rows = slice(*(round(level + n * pixel) - first for n in (-10.5, 3)))
                    columns = slice(max(0, round(right - width)), round(right + 2))
                    share = float(ink[rows, columns].mean())
                    if share < least - ENOUGH:
                        best, least = (float(right), foot), share
        crowded = least > ENOUGH
        ground = {"facecolor": self._paper, "alpha": 0.85, "linewidth": 0, "pad": 0.5}
        self.set_bbox(ground if crowded else None)
        self.set_position(best)
        super().draw(renderer)


def _numbers(values: Sequence[float]) -> Numbers:
    return np.asarray(values, dtype=np.float64)


def _within(places: Numbers) -> Flags:
    return np.asarray((places >= -HAIR) & (places <= 1 + HAIR))


def _spread(count: int, number: int) -> Flags:
    """Choose which points of a line get a marker: a few all, else about nine, shifted by line."""
    wanted = np.zeros(count, dtype=bool)
    every = 1 if count <= 25 else max(1, count // 9)
    wanted[(number * every // 3) % every :: every] = True
    return wanted
