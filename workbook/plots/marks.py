"""Series as artists: lines, points, bars, steps, rules and bands inside one frame.

Owns how each mark is drawn, and what happens at the edges: a NaN is a gap, an infinity an arrow at
the edge, a zero on a logarithmic axis a hollow diamond on the edge that is labelled 0. Knows
nothing of layout. Coordinates are CSS pixels, y downward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from numpy.typing import NDArray

from workbook.chart import Panel, Series
from workbook.plots import style
from workbook.plots.scales import Places, Scale, bar_width

Flags = NDArray[np.bool_]
POINT = 0.75  # points to a CSS pixel


@dataclass(frozen=True)
class Frame:
    """A rectangle on the figure: the data area of one panel."""

    left: float
    top: float
    width: float
    height: float

    def x(self, places: Places) -> Places:
        """Pixels across, for places on the x axis."""
        return np.asarray(self.left + places * self.width)

    def y(self, places: Places) -> Places:
        """Pixels down, for places on the y axis."""
        return np.asarray(self.top + self.height - places * self.height)


def curve(
    x: Places, y: Places, *, color: str, width: float, dash: tuple[float, ...] = ()
) -> Line2D:
    """A line through pixels; NaN breaks it."""
    line = Line2D(x, y, color=color, linewidth=width * POINT, marker="")
    line.set_solid_capstyle("butt")
    if dash:
        line.set_dashes([part for part in dash])
        line.set_dash_capstyle("butt")
    line.set_antialiased(True)
    return line


def dots(
    x: Places, y: Places, marker: str, color: str, *, size: float = 6, hollow: bool = False
) -> Line2D:
    """Markers at pixels, filled or hollow."""
    return Line2D(
        x,
        y,
        linestyle="none",
        marker=marker,
        markersize=size * POINT,
        color=color,
        markerfacecolor=style.PAPER if hollow else color,
        markeredgecolor=color,
        markeredgewidth=(1.5 if hollow else 0.6) * POINT,
    )


def area(
    path: Path,
    *,
    fill: str,
    line: str = "none",
    hatch: str = "",
    alpha: float = 1,
    width: float = 1,
) -> PathPatch:
    """A filled outline; its hatch has the line's color."""
    patch = PathPatch(path, facecolor=fill, edgecolor=line, linewidth=width * POINT, alpha=alpha)
    if hatch:
        patch.set_hatch(hatch)
    return patch


def boxes(left: Places, right: Places, top: Places, bottom: Places) -> Path:
    """One path of many rectangles."""
    corners = np.empty((len(left), 5, 2))
    corners[:, (0, 3, 4), 0] = left[:, None]
    corners[:, (1, 2), 0] = right[:, None]
    corners[:, (0, 1, 4), 1] = top[:, None]
    corners[:, (2, 3), 1] = bottom[:, None]
    codes = np.tile(np.array([1, 2, 2, 2, 79], dtype=np.uint8), len(left))
    return Path(corners.reshape(-1, 2), codes)


def look(number: int) -> tuple[str, tuple[float, ...], str, str]:
    """Color, dash, marker and hatch of the series with this number."""
    return (
        style.COLORS[number % len(style.COLORS)],
        style.DASHES[number % len(style.DASHES)],
        style.MARKERS[number % len(style.MARKERS)],
        style.HATCHES[number % len(style.HATCHES)],
    )


@dataclass
class Drawn:
    """The artists of a panel: those that end at the frame, and those that may stand on its edge."""

    inside: list[Artist]
    over: list[Artist]


def marks(panel: Panel, scales: tuple[Scale, Scale], frame: Frame) -> Drawn:
    """The artists of a panel's series, in the order of drawing."""
    drawn = Drawn([], [])
    bars = [one for one in panel.series if one.mark == "bars"]
    numbers = iter(range(len(panel.series)))
    for one in panel.series:
        if one.mark == "rule":
            continue
        number = next(numbers)
        if one.mark == "bars":
            _draw_bars(drawn, one, number, scales, frame, (bars.index(one), len(bars)))
        elif one.mark == "band":
            _draw_band(drawn, one, number, scales, frame)
        else:
            _draw_line(drawn, one, number, scales, frame)
    _draw_rules(drawn, [one for one in panel.series if one.mark == "rule"], scales[1], frame)
    return drawn


def _draw_line(
    drawn: Drawn, one: Series, number: int, scales: tuple[Scale, Scale], frame: Frame
) -> None:
    color, dash, marker, _ = look(number)
    places = scales[0].places(one.x), scales[1].places(one.y)
    x, y = frame.x(places[0]), frame.y(places[1])
    infinite = ~np.isfinite(np.asarray(one.y, dtype=np.float64))
    path_y = np.where(infinite, np.nan, y)
    if one.mark == "points":
        size = 7 if len(one.x) <= 60 else 4.5
        drawn.over.append(
            dots(
                x,
                _only(path_y, _within(places) & ~_at_zero(one, scales[1])),
                marker,
                color,
                size=size,
            )
        )
    else:
        line = curve(x, path_y, color=color, width=2, dash=dash)
        if one.mark == "steps":
            line.set_drawstyle("steps-post")
        drawn.inside.append(line)
        some = _spread(len(one.x), number)
        drawn.over.append(
            dots(
                x, _only(path_y, some & _within(places) & ~_at_zero(one, scales[1])), marker, color
            )
        )
    _draw_edges(drawn, one, places, scales, frame, color)


def _draw_edges(
    drawn: Drawn,
    one: Series,
    places: tuple[Places, Places],
    scales: tuple[Scale, Scale],
    frame: Frame,
    color: str,
) -> None:
    """Zeros of a logarithmic axis as hollow diamonds, what lies beyond the limits as arrows."""
    x = frame.x(places[0])
    here = (places[0] >= -1e-9) & (places[0] <= 1 + 1e-9)
    zero = here & _at_zero(one, scales[1])
    ends = np.full(len(x), frame.top), np.full(len(x), frame.top + frame.height)
    if zero.any():
        drawn.over.append(dots(x, _only(ends[1], zero), "d", color, size=9, hollow=True))
    for beyond, marker, end in (
        (places[1] > 1 + 1e-9, "^", ends[0] + 4),
        (places[1] < -1e-9, "v", ends[1] - 4),
    ):
        if one.mark in ("line", "steps"):  # one arrow where the line leaves, not one a point
            beyond = beyond & ~np.concatenate(([False], beyond[:-1]))
        if (beyond & here).any():
            drawn.over.append(
                dots(x, _only(end, beyond & here), marker, color, size=8, hollow=True)
            )


def _at_zero(one: Series, scale: Scale) -> Flags:
    values = np.asarray(one.y, dtype=np.float64)
    return (values < scale.low) if scale.log else np.zeros(len(values), dtype=bool)


def _within(places: tuple[Places, Places]) -> Flags:
    with np.errstate(invalid="ignore"):
        inside = [(spots >= -1e-9) & (spots <= 1 + 1e-9) for spots in places]
    return np.asarray(inside[0] & inside[1])


def _only(values: Places, wanted: Flags) -> Places:
    return np.where(wanted, values, np.nan)


def _spread(count: int, number: int) -> Flags:
    """Which points of a line get a marker: all of a few, else about nine, shifted for each line."""
    wanted = np.zeros(count, dtype=bool)
    every = 1 if count <= 25 else max(1, count // 9)
    wanted[(number * every // 3) % every :: every] = True
    return wanted


def _draw_bars(
    drawn: Drawn,
    one: Series,
    number: int,
    scales: tuple[Scale, Scale],
    frame: Frame,
    among: tuple[int, int],
) -> None:
    color, _, _, hatch = look(number)
    spots = scales[0].places(one.x)
    index, count = among
    room = bar_width(spots) * (0.84 if count > 1 else 0.88)
    middle = spots - room / 2 + room * (index + 0.5) / count
    tops = scales[1].places(one.y)
    base = np.clip(scales[1].places([0.0]), 0, 1)[0]
    here = np.isfinite(tops) & np.isfinite(spots) & (tops != base)
    tops, middle = np.clip(tops[here], -0.01, 1.01), middle[here]
    half = room / count / 2
    path = boxes(
        frame.x(middle - half),
        frame.x(middle + half),
        frame.y(tops),
        frame.y(np.full(len(tops), base)),
    )
    many = room * frame.width / count < 5
    if hatch:
        drawn.inside.append(
            area(
                path,
                fill=style.FILLS[1 + number % 5],
                line=color,
                hatch=hatch,
                width=0.5 if many else 1,
            )
        )
    else:
        drawn.inside.append(area(path, fill=color))
    places = np.where(here, spots - room / 2 + room * (index + 0.5) / count, np.nan)
    infinite = np.isinf(np.asarray(one.y, dtype=np.float64)) | (scales[1].places(one.y) > 1 + 1e-9)
    if infinite.any():
        end = np.full(len(places), frame.top + 6)
        drawn.over.append(
            dots(frame.x(places), _only(end, infinite), "^", color, size=8, hollow=True)
        )


def _draw_band(
    drawn: Drawn, one: Series, number: int, scales: tuple[Scale, Scale], frame: Frame
) -> None:
    color, dash, _, hatch = look(number)
    x = frame.x(scales[0].places(one.x))
    low, high = (frame.y(scales[1].places(values)) for values in (one.y, one.upper))
    good = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    parts = []
    for run in _runs(good):
        outline = np.concatenate(
            [np.stack([x[run], low[run]], 1), np.stack([x[run], high[run]], 1)[::-1]]
        )
        parts.append(Path(outline, closed=False))
    if parts:
        fill = area(Path.make_compound_path(*parts), fill=color, line="none", alpha=0.25)
        drawn.inside.insert(0, fill)
    for edge in (low, high):
        drawn.inside.append(curve(x, _only(edge, good), color=color, width=1, dash=dash))


def _runs(good: Flags) -> Iterable[slice]:
    """The stretches of neighbors that are all good."""
    ends = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return [slice(int(a), int(b)) for a, b in zip(ends[::2], ends[1::2], strict=True)]


def _draw_rules(drawn: Drawn, rules: list[Series], scale: Scale, frame: Frame) -> None:
    """Dashed lines, each with its name at the right end: above it, the lowest one below it."""
    spots = [(float(scale.places(one.y)[0]), one) for one in rules]
    inside = [(spot, one) for spot, one in spots if np.isfinite(spot)]
    ordered = sorted(inside, key=lambda pair: -pair[0])
    taken: list[float] = []
    for number, (spot, one) in enumerate(ordered):
        y = float(frame.y(np.array([min(max(spot, 0.0), 1.0)]))[0])
        ends = np.array([frame.left, frame.left + frame.width])
        dash = ((4, 2.5), (1.5, 2), (7, 2, 1.5, 2))[number % 3]
        drawn.inside.append(curve(ends, np.array([y, y]), color=style.INK, width=1.6, dash=dash))
        above = y - 4 if y - 16 > frame.top and all(abs(y - 4 - t) > 15 for t in taken) else y + 15
        taken.append(above)
        arrow = "" if 0 <= spot <= 1 else (" ↑" if spot > 1 else " ↓")
        drawn.over.append(label(ends[1] - 4, above, one.label + arrow, align="right", halo=True))


def label(
    x: float,
    y: float,
    text: str,
    *,
    align: str = "left",
    size: float = style.TEXT,
    color: str = style.INK,
    bold: bool = False,
    halo: bool = False,
) -> Text:
    """A line of text whose baseline starts (or ends, or is centered) at a pixel."""
    artist = Text(
        x,
        y,
        text,
        color=color,
        fontproperties=style.font(size, bold),
        parse_math=False,
        horizontalalignment=align,
        verticalalignment="baseline",  # type: ignore[arg-type]
    )
    if halo:
        artist.set_bbox({"facecolor": style.PAPER, "alpha": 0.8, "linewidth": 0, "pad": 0.5})
    return artist
