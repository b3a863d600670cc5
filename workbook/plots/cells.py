"""Cells on matplotlib's Axes: a grid of bits or words, its kinds told apart by more than color.

Owns how cells are drawn: row n reaches from n to n + 1, the first on top, and so does column n; of
a few columns, those with long texts are wider: minor ticks tell the edges. Each kind has a light
fill and a stripe of its own along the foot; cells too small for their text are all stripe.
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

from workbook.chart import KINDS, PARTS, Cells, Kind
from workbook.plots import style
from workbook.plots.style import POINT, Look, Theme, color

TALLEST, LEAST, ROWS = 84.0, 20.0, 10  # a row in CSS pixels; so many have room enough
LARGEST, LEGIBLE = 15.5, 6.5  # texts; smaller ones are left out: fill and stripe remain
WIDEST, NAMES = 664.0, 0.5  # a table; the names of its rows, as a share of its width
FEW = 8  # columns that may differ in width, and whose names are all shown
NARROW = 16.0  # cells below this width are parted by lines of paper, which texts stand clear of
Runs = dict[Kind, list[tuple[int, int, int]]]


def prepare(ax: Any, cells: Cells, room: tuple[float, float]) -> None:
    """Set limits, the names of rows and columns; `room` is the width and height in CSS pixels."""
    rows, columns = max(len(cells.rows), 1), max(len(cells.columns), 1)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, which="both")
    ax.xaxis.tick_top()
    ax.set_yticks(np.arange(len(cells.rows)) + 0.5, labels=_row_names(cells, room[0]))
    edges = _edges(cells, room[0])
    if len(cells.columns) <= FEW:
        ax.set_xticks(edges, minor=True)
    ax.set_xticks((edges[1:] + edges[:-1]) / 2, labels=_column_names(cells, room[0]))
    height = room[1] - head(cells, room[0])
    spread = min(height / TALLEST, 2 * rows)  # a few rows fill half of the room, at least
    ax.set(xlim=(0, columns), ylim=(max(rows, spread), 0))


def head(cells: Cells, width: float) -> float:
    """Say how high the names of columns are, in CSS pixels, where the table has this width."""
    lines = [1 + name.count("\n") for name in _column_names(cells, width) if name]
    return style.ROW * max(lines, default=0)


def least_width(cells: Cells) -> float:
    """Measure the width in CSS pixels below which something would be cut or left out.

    Of many columns whose texts cannot be read at any width, only the names of rows count.
    """
    names = max(map(style.text_width, cells.rows), default=0.0)
    wanted = sum(needs(cells))
    if len(cells.columns) > FEW:
        texts = {text for line in cells.text for text in line}
        widest = max((style.text_width(text, LEGIBLE) for text in texts), default=0.0) + 1.5
        wanted = widest * len(cells.columns)
        wanted = wanted if names + wanted <= WIDEST else 0.0
    return max(names / NAMES, names + wanted)


def more_height(cells: Cells) -> float:
    """Say how many CSS pixels a table of many rows needs beyond the usual height."""
    return max(0, len(cells.rows) - ROWS) * LEAST


def needs(cells: Cells) -> tuple[float, ...]:
    """Measure what a few columns need for texts and names, in steps of 10 CSS pixels."""
    if len(cells.columns) > FEW:
        return ()
    texts = [{line[n] for line in cells.text} for n in range(len(cells.columns))]
    widths = [max(map(style.text_width, each), default=0.0) for each in texts]
    for number, name in enumerate(cells.columns):
        words = [style.text_width(word) for word in name.split()]
        widths[number] = max(widths[number], *words, 0.6 * style.text_width(name), 0) + 12
    return tuple(10 * float(np.ceil(width / 10)) for width in widths)


def _row_names(cells: Cells, width: float) -> list[str]:
    return [style.shorten(name, width * NAMES) for name in cells.rows]


def _edges(cells: Cells, width: float) -> Any:
    """Part the columns: evenly where that is room enough, else in proportion to their needs."""
    count, wanted = len(cells.columns), np.array(needs(cells))
    free = width - max(map(style.text_width, _row_names(cells, width)), default=0.0)
    if not wanted.size or wanted.max() <= free / count:
        return np.arange(count + 1.0)
    left = max(free - wanted.sum(), 0.0) / count
    shares = wanted + left
    return np.concatenate([[0.0], np.cumsum(shares / shares.sum() * count)])


def _column_names(cells: Cells, width: float) -> list[str]:
    """Choose names of columns, as many as fit, evenly; of a few, all are shown, on two lines."""
    names, count = cells.columns, max(len(cells.columns), 1)
    free = width - max(map(style.text_width, _row_names(cells, width)), default=0.0)
    if len(names) <= FEW:
        widths = np.diff(_edges(cells, width)) * free / count - 6
        return [
            "\n".join(style.fit(name, each, 2)[0]) for name, each in zip(names, widths, strict=True)
        ]
    every = int(np.ceil((max(map(style.text_width, names)) + 6) * count / free))
    return [
        style.shorten(name, free / count * every - 6) if number % every == 0 else ""
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


def looks(cells: Cells) -> list[Look]:
    """List the looks that the cells and their legend have."""
    kinds = {kind for line in cells.kinds for kind in line} | {kind for kind, _ in cells.legend}
    return [look for kind in KINDS if kind in kinds and (look := look_of(kind))]


class _Grid:
    """The sizes of cells in CSS pixels as the axes are now; `text` is 0 where none can be read."""

    def __init__(self, ax: Any, cells: Cells) -> None:
        pixel = ax.figure.dpi / 96
        count = len(cells.columns)
        self.edges = ax.get_xticks(minor=True) if 0 < count <= FEW else np.arange(count + 1.0)
        widths = np.diff(self.edges) * ax.bbox.width / pixel / max(count, 1)
        self.width = float(widths.min(initial=ax.bbox.width / pixel))
        self.height = ax.bbox.height / pixel / ax.get_ylim()[0]
        self.gap, self.stripe = min(4.0, self.height * 0.12), min(5.0, max(3.0, self.height * 0.18))
        free = widths - (1.5 if self.width < NARROW else 8.0)
        texts = {(text, free[n]) for line in cells.text for n, text in enumerate(line) if text}
        most = min(LARGEST, max(LEGIBLE, (self.height - self.gap - self.stripe) * 0.85))
        fitting = [100.0 * room / style.text_width(text, 100.0) for text, room in texts]
        size = min([most, *fitting]) if texts else 0.0
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
        left, right = (grid.edges[ends.astype(int)] for ends in (first, last))
        found.append(_boxes(left, right, top, foot, look, theme))
        if look:
            tall = grid.stripe if grid.text else grid.height - grid.gap
            level = foot - grid.down(tall / 2)
            stripe = _segments((left, right), (level, level), color(look, theme), tall)
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
    rows, columns = np.array(spots, dtype=int).reshape(-1, 2).T
    across = grid.edges[columns]
    top = rows + grid.down(grid.gap / 2)
    foot = rows + 1 - grid.down(grid.gap / 2 + (grid.stripe if grid.text else 0))
    own = style.LINE[theme] if grid.width >= NARROW else style.PAPER[theme]
    return _segments((across, across), (top, foot), own, 2 / 3)


def _texts(cells: Cells, grid: _Grid, theme: Theme) -> list[Artist]:
    """Make the texts as markers: matplotlib draws each different one once, then copies it."""
    places: dict[str, list[tuple[float, float]]] = {}
    for row, line in enumerate(cells.text):
        for column, text in enumerate(line):
            if text.strip() and cells.kinds[row][column] != "blank":
                middle = row + 0.5 - grid.down(grid.stripe / 2)
                across = (grid.edges[column] + grid.edges[column + 1]) / 2
                places.setdefault(text, []).append((across, middle))
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
