"""Cells on matplotlib's Axes: a grid of bits or words, its kinds told apart by more than color.

Owns how cells are drawn: column n reaches from n to n + 1, row n likewise, the first on top. Each
kind has a light fill and a stripe of its own along the foot; cells too small for their text are all
stripe.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from workbook.chart import PARTS, Cells, Kind
from workbook.plots import style
from workbook.plots.style import POINT, Look, Theme, color

TALLEST = 84.0  # a row of cells, in CSS pixels
LARGEST, LEGIBLE = 15.5, 6.5  # texts; smaller ones are left out: fill and stripe remain
NARROW = 16.0  # cells below this width are parted by lines of paper, which texts stand clear of
Runs = dict[Kind, list[tuple[int, int, int]]]


def prepare(ax: Any, cells: Cells, room: tuple[float, float]) -> None:
    """Set limits, the names of rows and columns; `room` is the width and height in CSS pixels."""
    rows, columns = max(len(cells.rows), 1), max(len(cells.columns), 1)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    names = [style.shorten(name, room[0] * 0.45) for name in cells.rows]
    ax.set_yticks(np.arange(len(names)) + 0.5, labels=names)
    free = room[0] - max(map(style.text_width, names), default=0)
    ax.set_xticks(np.arange(len(cells.columns)) + 0.5, labels=_fitted(cells.columns, free))
    height = room[1] - (style.ROW if any(cells.columns) else 0)
    ax.set(xlim=(0, columns), ylim=(max(rows, height / TALLEST), 0))


def _fitted(names: tuple[str, ...], width: float) -> list[str]:
    """Choose names of columns, as many as fit, evenly; of a few, all are shown, shortened."""
    each = width / max(len(names), 1)
    widest = max(map(style.text_width, names), default=0.0) + 6
    every = int(np.ceil(widest / each)) if len(names) > 8 else 1
    return [
        style.shorten(name, each * every - 6) if number % every == 0 else ""
        for number, name in enumerate(names)
    ]


def samples(cells: Cells, theme: Theme) -> list[tuple[str, Any]]:
    """Make the legend's entries: the words for the kinds, and pictures of them."""
    return [(words, _sample(look_of(kind), theme)) for kind, words in cells.legend]


def look_of(kind: Kind) -> Look | None:
    """Give a kind of cells its look; None is a plain one."""
    if kind in PARTS:
        return style.NAMED[PARTS.index(kind)]
    return style.CODE.get(kind)


def _sample(look: Look | None, theme: Theme) -> Any:
    edge: dict[str, Any] = {"edgecolor": style.LINE[theme], "linewidth": 0.5}
    if look is None:
        return Patch(facecolor=style.PAPER[theme], **edge)
    fill = Patch(facecolor=style.tint(look, theme), **edge)
    stripe = Line2D([], [], color=color(look, theme), linewidth=4 * POINT, linestyle=_dash(look, 4))
    return fill, stripe


class _Grid:
    """The sizes of cells in CSS pixels as the axes are now; `text` is 0 where none can be read."""

    def __init__(self, ax: Any, cells: Cells) -> None:
        pixel = ax.figure.dpi / 96
        self.width = ax.bbox.width / pixel / max(len(cells.columns), 1)
        self.height = ax.bbox.height / pixel / ax.get_ylim()[0]
        self.gap, self.stripe = min(4.0, self.height * 0.12), min(5.0, max(3.0, self.height * 0.18))
        texts = {text for line in cells.text for text in line if text}
        widest = max((style.text_width(text, 100.0) for text in texts), default=0.0)
        free = self.width - (1.5 if self.width < NARROW else 12.0)
        most = min(LARGEST, max(LEGIBLE, (self.height - self.gap - self.stripe) * 0.85))
        size = min(most, 100.0 * free / widest) if widest else 0.0
        self.text = size if size >= LEGIBLE else 0.0

    def down(self, pixels: float) -> float:
        """Turn a height into rows."""
        return float(pixels / self.height)


def draw(ax: Any, cells: Cells, theme: Theme) -> list[Artist]:
    """Add the cells to their axes: fills, stripes, lines between cells, texts."""
    grid = _Grid(ax, cells)
    found: list[Artist] = []
    for kind, runs in _runs(cells).items():
        rows, first, last = np.array(runs, dtype=np.float64).T
        top, foot = rows + grid.down(grid.gap / 2), rows + 1 - grid.down(grid.gap / 2)
        look = look_of(kind)
        found.append(_boxes(first, last, top, foot, look, theme))
        if look:
            tall = grid.stripe if grid.text else grid.height - grid.gap
            level = foot - grid.down(tall / 2)
            stripe = _segments((first, last), (level, level), color(look, theme), tall)
            stripe.set_linestyle(_dash(look, tall))
            found.append(stripe)
    found.append(_between(cells, grid, theme))
    if grid.text:
        found += _texts(cells, grid, theme)
    for artist in found:
        ax.add_artist(artist)
        artist.set_clip_on(False)
    return found


def _dash(look: Look, width: float) -> Any:
    return (0, tuple(length / width for length in look.stripe)) if look.stripe else "-"


def _runs(cells: Cells) -> Runs:
    """Find each kind's runs of neighbors: row, first column, column after the last."""
    found: Runs = {}
    for row, line in enumerate(cells.kinds):
        start = 0
        for kind, run in groupby(line):
            end = start + len(list(run))
            if kind != "blank":
                found.setdefault(kind, []).append((row, start, end))
            start = end
    return found


def _boxes(
    left: Any, right: Any, top: Any, foot: Any, look: Look | None, theme: Theme
) -> PathPatch:
    corners = np.array([(left, top), (right, top), (right, foot), (left, foot)])
    boxes = Path.make_compound_path_from_polys(corners.transpose(2, 0, 1))
    fill = style.tint(look, theme) if look else style.PAPER[theme]
    return PathPatch(boxes, facecolor=fill, edgecolor=style.LINE[theme], linewidth=0.5)


def _segments(x: tuple[Any, Any], y: tuple[Any, Any], own: str, width: float) -> Line2D:
    """Make straight lines, each from its first x and y to its second, `width` CSS pixels wide."""
    gap = np.full(len(x[0]), np.nan)
    across, down = (np.stack([*ends, gap], axis=-1).ravel() for ends in (x, y))
    return Line2D(across, down, color=own, linewidth=width * POINT)


def _between(cells: Cells, grid: _Grid, theme: Theme) -> Artist:
    """Part neighbors of one kind by lines, above their stripes."""
    spots = [
        (row, column)
        for row, line in enumerate(cells.kinds)
        for column in range(1, len(line))
        if line[column] == line[column - 1] != "blank"
    ]
    rows, columns = np.array(spots, dtype=np.float64).reshape(-1, 2).T
    top = rows + grid.down(grid.gap / 2)
    foot = rows + 1 - grid.down(grid.gap / 2 + (grid.stripe if grid.text else 0))
    own = style.LINE[theme] if grid.width >= NARROW else style.PAPER[theme]
    return _segments((columns, columns), (top, foot), own, 2 / 3)


def _texts(cells: Cells, grid: _Grid, theme: Theme) -> list[Artist]:
    """Make the texts as markers: matplotlib draws each different one once, then copies it."""
    places: dict[str, list[tuple[float, float]]] = {}
    for row, line in enumerate(cells.text):
        for column, text in enumerate(line):
            if text.strip() and cells.kinds[row][column] != "blank":
                middle = row + 0.5 - grid.down(grid.stripe / 2)
                places.setdefault(text, []).append((column + 0.5, middle))
    found: list[Artist] = []
    for text, spots in places.items():
        outline, reach = _outline(text)
        x, y = np.array(spots).T
        dots = Line2D(x, y, linestyle="none", marker=outline, color=style.INK[theme])
        dots.set(markersize=2 * reach * grid.text * POINT, markeredgewidth=0)
        found.append(dots)
    return found


@lru_cache(maxsize=2048)
def _outline(text: str) -> tuple[Path, float]:
    """Outline a text at size 1 around its middle, and give how far it reaches from there."""
    corners, codes = text_to_path.get_text_path(style.font(style.TEXT), text, False)
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 2) / text_to_path.FONT_SCALE
    points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    points[:, 1] -= 0.365  # half the height of a digit
    return Path(points, codes), float(np.abs(points).max())
