"""Cells as artists: a grid of bits or words, with its kinds told apart by more than color.

Owns how cells are drawn. Knows nothing of layout beyond the frame that it is given. Each kind has a
light fill and a strip with a pattern of its own along the foot; cells too small for their text are
all pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from workbook.chart import Cells, Kind
from workbook.plots import style
from workbook.plots.shapes import Frame, Places, area, boxes, dots, label, segments

# Which of style.FILLS a kind has; kinds that no table tells apart may share one.
NUMBERS: Mapping[Kind, int] = {
    "plain": 0, "agrees": 1, "within the bound": 3, "doubtful": 4, "wrong": 2, "differs": 4,
    "raises": 5, "not tried": 0, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "blank": -1,
}  # fmt: skip
TALLEST = 42.0  # a row of cells grows no higher
LEGIBLE = 6.5  # smaller texts are left out: the kind's fill and pattern remain
NARROW = 16.0  # cells below this width are parted by white lines, which texts stand clear of


@dataclass(frozen=True)
class Grid:
    """The sizes of a panel's cells in CSS pixels; `text` is 0 where no text can be read."""

    width: float
    height: float
    gap: float
    strip: float
    text: float


def grid_of(cells: Cells, frame: Frame) -> Grid:
    """The sizes of the cells in this frame."""
    width = frame.width / max(len(cells.columns), 1)
    height = min(TALLEST, frame.height / max(len(cells.rows), 1))
    gap, strip = min(4.0, height * 0.12), min(5.0, max(3.0, height * 0.18))
    return Grid(width, height, gap, strip, _text_size(cells, width, height - gap - strip))


def marks(cells: Cells, frame: Frame) -> list[Artist]:
    """The artists of the cells: fills, patterns, lines between cells, texts."""
    grid = grid_of(cells, frame)
    found: list[Artist] = []
    for kind, runs in _runs(cells).items():
        rows, first, last = np.array(runs).T
        left, right = (frame.left + grid.width * column for column in (first, last))
        top = frame.top + grid.height * rows + grid.gap / 2
        foot = top + grid.height - grid.gap
        strip = grid.strip if grid.text else grid.height - grid.gap
        found += _cell(kind, left, right, top, foot, strip)
    found.append(_between(cells, frame, grid, plain=True))
    if grid.text:
        found.append(_between(cells, frame, grid, plain=False))
        found += _texts(cells, frame, grid)
    return found


def row_labels(cells: Cells, frame: Frame) -> list[Artist]:
    """The names of the rows, left of the frame, level with the texts of the cells."""
    grid = grid_of(cells, frame)
    down = grid.height / 2 + 4.5 - (grid.strip / 2 if grid.text else 0)
    return [
        label(
            frame.left - style.EDGE,
            frame.top + number * grid.height + down,
            style.shorten(name, frame.left - 2 * style.EDGE),
            align="right",
        )
        for number, name in enumerate(cells.rows)
    ]


def sample(kind: Kind, x: float, y: float) -> list[Artist]:
    """The legend's picture of a kind: a small cell, its left edge at x, its middle at y."""
    left, right, top, foot = np.array([[x], [x + 18], [y - 7], [y + 7]])
    return _cell(NUMBERS[kind], left, right, top, foot, 5.0)


def _cell(
    number: int, left: Places, right: Places, top: Places, foot: Places, strip: float
) -> list[Artist]:
    """Cells of one kind: the fill, and what marks it without color, a thick dashed line."""
    outline = boxes(left, right, top, foot)
    fill = area(outline, fill=style.FILLS[number], line=style.LINE, width=style.HAIRLINE)
    if not number:
        return [fill]
    y = foot - strip / 2
    dash = tuple(length / strip for length in style.STRIPE_DASHES[number])
    color = style.STRIPES[number]
    return [fill, segments((left, right), (y, y), color=color, width=strip, dash=dash)]


def _numbers(cells: Cells) -> list[list[int]]:
    return [[NUMBERS[kind] for kind in line] for line in cells.kinds]


def _runs(cells: Cells) -> dict[int, list[tuple[int, int, int]]]:
    """For each kind its runs of neighbors: row, first column, column after the last."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for row, line in enumerate(_numbers(cells)):
        start = 0
        for kind, run in groupby(line):
            end = start + len(list(run))
            if kind >= 0:
                found.setdefault(kind, []).append((row, start, end))
            start = end
    return dict(sorted(found.items()))


def _between(cells: Cells, frame: Frame, grid: Grid, *, plain: bool) -> Artist:
    """The lines between neighbors of one kind: white where texts stand close on a tint."""
    spots = [
        (row, column)
        for row, line in enumerate(_numbers(cells))
        for column in range(1, len(line))
        if line[column] == line[column - 1] >= 0 and (line[column] == 0) == plain
    ]
    rows, columns = np.array(spots, dtype=np.float64).reshape(-1, 2).T
    top = frame.top + grid.height * rows + grid.gap / 2
    foot = top + grid.height - grid.gap - (0 if plain else grid.strip)
    x = frame.left + grid.width * columns
    color = style.LINE if plain or grid.width >= NARROW else style.PAPER
    return segments((x, x), (top, foot), color=color)


def _text_size(cells: Cells, width: float, height: float) -> float:
    """The size at which the longest text fits its cell; 0 where it would be illegible."""
    texts = {text for line in cells.text for text in line if text}
    widest = max((style.text_width(text, 100.0) for text in texts), default=0.0)
    if not widest:
        return 0.0
    free = width - (1.5 if width < NARROW else 6.0)
    size = min(style.TEXT, 100.0 * free / widest, height)
    return size if size >= LEGIBLE else 0.0


def _texts(cells: Cells, frame: Frame, grid: Grid) -> list[Artist]:
    """The texts as markers: matplotlib draws each different one once, then copies it."""
    places: dict[str, list[tuple[float, float]]] = {}
    for row, line in enumerate(cells.text):
        y = frame.top + (row + 0.5) * grid.height - grid.strip / 2
        for column, text in enumerate(line):
            if text.strip() and cells.kinds[row][column] != "blank":
                x = frame.left + (column + 0.5) * grid.width
                places.setdefault(text, []).append((x, y))
    found: list[Artist] = []
    for text, spots in places.items():
        outline, reach = _outline(text)
        x, y = np.array(spots).T
        found.append(dots(x, y, outline, style.INK, size=2 * reach * grid.text))
    return found


@lru_cache(maxsize=2048)
def _outline(text: str) -> tuple[Path, float]:
    """The text as an outline of size 1 around its middle, and how far it reaches from there."""
    corners, codes = text_to_path.get_text_path(style.font(style.TEXT), text, False)
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 2) / text_to_path.FONT_SCALE
    points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    points[:, 1] -= 0.365  # half the height of a digit
    return Path(points, codes), float(np.abs(points).max())
