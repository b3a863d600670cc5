"""Series on matplotlib's Axes: lines, points, bars, steps, rules and bands.

Owns how each mark is drawn and what happens at the edges: a NaN is a gap, a value beyond the limits
an arrow at the edge, a zero on a logarithmic axis a hollow marker on the edge that is labeled 0.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from workbook.chart import Panel, Series
from workbook.plots import style
from workbook.plots.axes import HAIR, TALL, bar_width, prepare, stays, within
from workbook.plots.style import POINT, Look, Theme, color, dashed

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
ORDER = {"band": 3.0, "bars": 3.1, "rule": 3.2, "points": 3.4}  # of drawing; the others are 3.3
OVER = 3.5  # what may stand on the frame's edge
RULE = replace(style.CODE["raises"], dash=(4.0, 2.5))  # a rule takes no series' look
FAR = 1e200  # as good as infinite


class Plot:
    """The series of a panel `width` CSS pixels wide, with the words above: as `cells.Table`."""

    head, body, least = 0.0, 0.0, TALL

    def __init__(self, panel: Panel, width: float) -> None:
        self.panel, self.width = panel, width
        self.title, self.label = panel.title, panel.y.label
        self.legend = [_name(series, panel) for series in panel.series if series.label]
        self.stays = stays(panel)

    @property
    def looks(self) -> list[Look]:
        """The look of each series; rules look all alike and take none from the others."""
        others = tuple(series.label for series in self.panel.series if series.mark != "rule")
        free = iter(style.looks(others))
        return [RULE if series.mark == "rule" else next(free) for series in self.panel.series]

    def samples(self, theme: Theme) -> list[Artist]:
        """Make the legend's pictures of all series that have a name."""
        pairs = zip(self.panel.series, self.looks, strict=True)
        return [_sample(series, look, theme) for series, look in pairs if series.label]

    def prepare(self, ax: Any, height: float) -> tuple[float, float, float]:
        """Set scales, limits, ticks and the name of x; give what their texts need, as a table."""
        return prepare(ax, self.panel, self.width)

    def draw(self, ax: Any, theme: Theme) -> None:
        """Add the marks to their axes, whose limits are set."""
        bars = [series for series in self.panel.series if series.mark == "bars"]
        for n, (series, look) in enumerate(zip(self.panel.series, self.looks, strict=True)):
            marks = _Marks(ax, self.panel, theme, series, look, n)
            if series.mark == "bars":
                marks.bars(bars.index(series), len(bars))
            else:
                {"rule": marks.rule, "band": marks.band}.get(series.mark, marks.line)()
        ax.containers.clear()  # ax.bar keeps its bars there, too, after they are removed


def _name(series: Series, panel: Panel) -> str:
    """Name a series; a rule beyond stated limits says on which side it is."""
    if series.mark != "rule":
        return series.label
    above = panel.y.high is not None and series.y[0] > panel.y.high
    below = panel.y.low is not None and series.y[0] < panel.y.low
    return series.label + (" ↑" if above else " ↓" if below else "")


def _sample(series: Series, look: Look, theme: Theme) -> Artist:
    own = color(look, theme)
    if series.mark == "bars":
        return Rectangle((0, 0), 1, 1, **_fill(look, theme))
    if series.mark == "band":
        fill = style.tint(look, theme)
        return Rectangle((0, 0), 1, 1, fc=fill, ec=own, linestyle=dashed(look.dash))
    marker = "none" if series.mark == "rule" else look.marker
    dash: Any = "none" if series.mark == "points" else dashed(look.dash)
    size = 7 * POINT
    places: Any = [0, 0.5, 1], [0.5, 0.5, 0.5]
    line = Line2D(*places, color=own, ls=dash, marker=marker, markersize=size, mew=0)
    line.set_markevery([1])
    return line


def _fill(look: Look, theme: Theme) -> dict[str, Any]:
    """Fill bars: in full color where a look has no hatch, else with its tint and the hatch."""
    own = color(look, theme)
    fill = style.tint(look, theme) if look.hatch else own
    return {"facecolor": fill, "edgecolor": own, "hatch": look.hatch, "linewidth": POINT}


class _Marks:
    """The artists of one series, the `place`-th of its panel."""

    def __init__(
        self, ax: Any, panel: Panel, theme: Theme, series: Series, look: Look, place: int
    ) -> None:
        self.ax, self.panel, self.theme, self.series, self.look = ax, panel, theme, series, look
        self.place, self.color, self.dash = place, color(look, theme), dashed(look.dash)
        self.order = ORDER.get(series.mark, 3.3) + place / 1000
        self.x, self.y = (
            np.clip(np.asarray(each, float), -FAR, FAR) for each in (series.x, series.y)
        )

    def rule(self) -> None:
        """Draw a horizontal line over the whole panel, at the edge if it lies beyond."""
        y = float(np.clip(self.y[0], *self.ax.get_ylim()))
        if not np.isnan(y):
            line = self.ax.axhline(y, color=self.color, linestyle=self.dash, linewidth=1.2)
            line.set(zorder=self.order, clip_on=False)

    def band(self) -> None:
        """Fill between two limits, with a gap where either is no number."""
        low, high = self._bounded(self.y), self._bounded(np.asarray(self.series.upper, float))
        good = np.isfinite(self.x) & np.isfinite(low) & np.isfinite(high)
        shared = {"zorder": self.order, "linestyle": self.dash}
        alpha = style.TINTED[self.theme]
        fill = {"facecolor": self.color, "alpha": alpha, "linewidth": 0}
        self.ax.fill_between(self.x, low, high, where=good, **fill, **shared)
        for edge in (low, high):
            self._plot(self.x, np.where(good, edge, np.nan), linewidth=0.75, **shared)

    def bars(self, number: int, count: int) -> None:
        """Draw bars from 0, or from the foot of a logarithmic axis; series stand side by side."""
        wide = bar_width(self.x[np.isfinite(self.x)]) * 0.86 / count
        left = self.x + wide * (number - count / 2)
        foot = self.ax.get_ylim()[0] if self.panel.y.log else 0.0
        tops = self._bounded(self.y)
        here = self._across() & np.isfinite(tops) & (tops != foot)
        fill: Any = _fill(self.look, self.theme) | {"zorder": self.order, "align": "edge"}
        self.ax.bar(left[here], (tops - foot)[here], wide, foot, **fill)
        self._arrows(left + wide / 2, self._across(), each=True)

    def line(self) -> None:
        """Draw a line with some markers on it, or points alone."""
        joined, many = self.series.mark != "points", len(self.x)
        low, high = self.ax.get_ylim()
        zero = self._across() & (self.y < low) & self.panel.y.log
        inside = self._across() & (self.y >= low - HAIR * abs(low)) & (self.y <= high)
        size = 9.0 if many <= 3 else 7.0 if many <= 60 else 4.5
        later = sum(each.mark == "points" for each in self.panel.series[self.place + 1 :])
        size += min(3.0 * later, 6.0)  # points below others are larger, so that both show
        if joined:
            steps = "steps-post" if self.series.mark == "steps" else "default"
            drawn: Any = {"linestyle": self.dash, "drawstyle": steps}
            self._plot(self.x, self._bounded(self.y), zorder=self.order, **drawn)
            size, every = 6.0, 1 if many <= 25 else many // 9
            inside &= np.arange(many) % every == self.place * every // 3 % every
        self._plot(
            self.x[inside], self.y[inside], linestyle="none", marker=self.look.marker, mew=0,
            markersize=size * POINT, clip_on=False, zorder=OVER + self.place / 1000,
        )  # fmt: skip
        # Later series smaller, so that two zeros in one place both show.
        size = max((10.5 if many <= 60 else 7.5) - 2.5 * self.place, 5.0)
        self._hollow(self.x[zero], 0, self.look.marker, size)
        self._arrows(self.x, self._across() & ~zero, each=not joined)

    def _across(self) -> Flags:
        """Mark the points whose x lies on the panel."""
        return np.asarray(within(self.x, self.ax.get_xlim(), log=self.panel.x.log))

    def _bounded(self, values: Numbers) -> Numbers:
        """Bound heights to one frame beyond its edges, with a gap for what is not finite."""
        low, high = self.ax.get_ylim()
        ends = (low / 10, high * 10) if self.panel.y.log else (2 * low - high, 2 * high - low)
        return np.clip(np.where(np.abs(values) < FAR, values, np.nan), *ends)

    def _plot(self, x: Numbers, y: Numbers, **options: Any) -> Any:
        return self.ax.plot(x, y, color=self.color, **options)

    def _hollow(self, x: Numbers, height: float, marker: str, size: float) -> None:
        """Add hollow markers at a height of the frame, from 0 to 1."""
        if len(x):
            self._plot(
                x, np.full(len(x), height), transform=self.ax.get_xaxis_transform(), ls="none",
                marker=marker, ms=size * POINT, mew=1.4 * POINT, mfc=style.PAPER[self.theme],
                clip_on=False, zorder=OVER + self.place / 1000,
            )  # fmt: skip

    def _arrows(self, x: Numbers, here: Flags, *, each: bool) -> None:
        """Add hollow arrows where values lie beyond the limits; a line gets one where it leaves."""
        low, high = self.ax.get_ylim()
        inward = 5 / (self.ax.bbox.height / self.ax.figure.dpi * 96)  # of five CSS pixels
        above = here & (self.y > high + HAIR * abs(high))
        below = here & (self.y < low - HAIR * abs(low))
        for beyond, marker, height in ((above, "^", 1 - inward), (below, "v", inward)):
            leaves = beyond if each else beyond & ~np.concatenate(([False], beyond[:-1]))
            self._hollow(x[leaves], height, marker, 8)
