"""Cells as artists: a grid of bits or words, with its kinds told apart by more than color.

Owns how cells are drawn. Knows nothing of layout beyond the frame that it is given. Each kind has a
light fill and a strip with a pattern of its own along the foot; cells too small for their text are
all pattern.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from workbook.chart import Cells
from workbook.plots import style
from workbook.plots.shapes import Frame, Places, area, box, boxes, dots, label

TALLEST = 42.0  # a row of cells grows no higher
LEGIBLE = 6.5  # smaller texts are left out: the kind's fill and pattern remain
NARROW = 16.0  # cells below this width are parted by white lines, which texts stand clear of


def row_height(cells: Cells, frame: Frame) -> float:
    """The height of a row in this frame."""
    return min(TALLEST, frame.height / max(len(cells.rows), 1))


def marks(cells: Cells, frame: Frame) -> list[Artist]:
    """The artists of the cells and of their row labels."""
    width = frame.width / max(len(cells.columns), 1)
    height = row_height(cells, frame)
    gap = min(4.0, height * 0.12)
    strip = min(5.0, max(3.0, height * 0.18))
    size = _text_size(cells, width, height - gap - strip)
    found: list[Artist] = []
    for kind, corners in _corners(cells, frame, width, height).items():
        left, top = corners[:, 0], corners[:, 1] + gap / 2
        foot = top + height - gap
        plain = kind % len(style.FILLS) == 0
        line = style.LINE if plain or width >= NARROW else style.PAPER
        fill = style.FILLS[kind % len(style.FILLS)]
        found.append(area(boxes(left, left + width, top, foot), fill=fill, line=line, width=0.8))
        if not plain:
            start = foot - strip if size else top
            found.append(_pattern(kind, boxes(left, left + width, start, foot)))
    if size:
        found += _texts(cells, frame, (width, height, strip), size)
    for number, name in enumerate(cells.rows):
        text = style.shorten(name, frame.left - 2 * style.EDGE, style.TEXT)
        y = frame.top + (number + 0.5) * height + 4.5
        found.append(label(frame.left - style.EDGE, y, text, align="right"))
    return found


def sample(kind: int, x: float, y: float) -> list[Artist]:
    """The legend's picture of a kind: a small cell, its left edge at x, its middle at y."""
    fill = style.FILLS[kind % len(style.FILLS)]
    cell = area(box(x, x + 16, y - 7, y + 7), fill=fill, line=style.LINE, width=0.8)
    if kind % len(style.FILLS) == 0:
        return [cell]
    return [cell, _pattern(kind, box(x, x + 16, y + 2, y + 7))]


def _pattern(kind: int, path: Path) -> Artist:
    """What marks a kind without color: solid, or a hatch of its own."""
    number = kind % len(style.FILLS)
    color, hatch = style.STRIPS[number], style.PATTERNS[number]
    if not hatch:
        return area(path, fill=color)
    return area(path, fill=style.PAPER, line=color, hatch=hatch, width=0.4)


def _corners(cells: Cells, frame: Frame, width: float, height: float) -> dict[int, Places]:
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
    free = width - (1.5 if width < NARROW else 6.0)
    size = min(style.TEXT, 100.0 * free / widest, height)
    return size if size >= LEGIBLE else 0.0


def _texts(
    cells: Cells, frame: Frame, step: tuple[float, float, float], size: float
) -> list[Artist]:
    """The texts as markers: matplotlib draws each different one once, then copies it."""
    width, height, strip = step
    places: dict[str, list[tuple[float, float]]] = {}
    for row, line in enumerate(cells.text):
        y = frame.top + (row + 0.5) * height - strip / 2
        for column, text in enumerate(line):
            if text.strip() and cells.shades[row][column] >= 0:
                x = frame.left + (column + 0.5) * width
                places.setdefault(text, []).append((x, y))
    found: list[Artist] = []
    for text, spots in places.items():
        outline, reach = _outline(text)
        x, y = np.array(spots).T
        found.append(dots(x, y, outline, style.INK, size=2 * reach * size))
    return found


@lru_cache(maxsize=2048)
def _outline(text: str) -> tuple[Path, float]:
    """The text as an outline of size 1 around its middle, and how far it reaches from there."""
    corners, codes = text_to_path.get_text_path(style.font(style.TEXT), text, False)
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 2) / text_to_path.FONT_SCALE
    points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    points[:, 1] -= 0.365  # half the height of a digit
    return Path(points, codes), float(np.abs(points).max())
