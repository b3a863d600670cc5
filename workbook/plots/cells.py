"""Cells as artists: a grid of bits or words, with its kinds told apart by more than color.

Owns how cells are drawn. Knows nothing of layout beyond the frame that it is given. All texts of a
panel become one path, so that 400 of them cost about as much as one label.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from workbook.chart import Cells
from workbook.plots import style
from workbook.plots.marks import Frame, area, boxes, label
from workbook.plots.scales import Places

Codes = NDArray[np.uint8]

TALLEST = 36.0  # a row of cells grows no higher
LEGIBLE = 6.5  # smaller texts are left out: the kind's fill and pattern remain
PATTERNS = ("", "", "////////", "......", "||||||||", "xxxxxxxx")


def row_height(cells: Cells, frame: Frame) -> float:
    """The height of a row in this frame."""
    return min(TALLEST, frame.height / max(len(cells.rows), 1))


def marks(cells: Cells, frame: Frame) -> list[Artist]:
    """The artists of the cells and of their row labels."""
    height = row_height(cells, frame)
    width = frame.width / max(len(cells.columns), 1)
    gap = min(3.0, height * 0.12)
    strip = min(5.0, max(3.0, height * 0.18))
    found: list[Artist] = []
    where = _places(cells, frame, width, height)
    size = _text_size(cells, width, height - gap - strip)
    for kind, spots in where.items():
        left, top = spots[:, 0], spots[:, 1] + gap / 2
        bottom = top + height - gap
        number = kind % len(style.FILLS)
        found.append(
            area(
                boxes(left, left + width, top, bottom),
                fill=style.FILLS[number],
                line=style.LINE,
                width=0.8,
            )
        )
        if number:
            start = bottom - strip if size else top
            found.append(strip_of(number, boxes(left, left + width, start, bottom)))
    if size:
        found += _texts(cells, frame, (width, height, strip if len(where) > 1 else 0), size)
    for number, name in enumerate(cells.rows):
        middle = frame.top + (number + 0.5) * height
        room = frame.left - 10
        text = style.shorten(name, room, style.SMALL)
        found.append(label(frame.left - 8, middle + 4.5, text, align="right", size=style.SMALL))
    return found


def sample(number: int, x: float, y: float) -> list[Artist]:
    """The legend's picture of a kind: a small cell."""
    number %= len(style.FILLS)
    ends = np.array([x, x + 16.0])
    top, foot = np.array([y - 7]), np.array([y + 7])
    cell = area(boxes(ends[:1], ends[1:], top, foot), fill=style.FILLS[number], line=style.LINE)
    if not number:
        return [cell]
    return [cell, strip_of(number, boxes(ends[:1], ends[1:], foot - 5, foot))]


def strip_of(number: int, path: Path) -> Artist:
    """The pattern that marks a kind, on the given boxes."""
    color = style.STRIPS[number]
    if not PATTERNS[number]:
        return area(path, fill=color)
    return area(path, fill=style.PAPER, line=color, hatch=PATTERNS[number], width=0.6)


def _places(cells: Cells, frame: Frame, width: float, height: float) -> dict[int, Places]:
    """For each kind the left upper corners of its cells."""
    found: dict[int, list[tuple[float, float]]] = {}
    for row, line in enumerate(cells.shades):
        for column, kind in enumerate(line):
            if kind >= 0:
                corner = (frame.left + column * width, frame.top + row * height)
                found.setdefault(kind, []).append(corner)
    return {kind: np.array(corners) for kind, corners in sorted(found.items())}


def _text_size(cells: Cells, width: float, height: float) -> float:
    """The size at which the longest text fits its cell; 0 where it would be illegible."""
    texts = {text for line in cells.text for text in line if text}
    widest = max((style.text_width(text, 100.0) for text in texts), default=0.0)
    if not widest:
        return 0.0
    size = min(style.TEXT, 100.0 * (width - (1.5 if width < 20 else 6)) / widest, height * 0.95)
    return size if size >= LEGIBLE else 0.0


def _texts(
    cells: Cells, frame: Frame, step: tuple[float, float, float], size: float
) -> list[Artist]:
    width, height, strip = step
    vertices: list[Places] = []
    codes: list[Codes] = []
    for row, line in enumerate(cells.text):
        baseline = frame.top + (row + 0.5) * height - strip / 2 + size * 0.36
        for column, text in enumerate(line):
            if text and cells.shades[row][column] >= 0:
                shape = _outline(text)
                middle = frame.left + (column + 0.5) * width
                vertices.append(shape[0] * size + (middle, baseline))
                codes.append(shape[1])
    if not vertices:
        return []
    return [area(Path(np.concatenate(vertices), np.concatenate(codes)), fill=style.INK)]


@lru_cache(maxsize=2048)
def _outline(text: str) -> tuple[Places, Codes]:
    """The text as an outline of size 1, its ink centered on 0, its baseline at 0, y downward."""
    corners, codes = text_to_path.get_text_path(style.font(style.TEXT), text, False)
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 2) / text_to_path.FONT_SCALE
    if len(points):
        points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    return points * (1, -1), np.asarray(codes, dtype=np.uint8)
