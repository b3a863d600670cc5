"""What stands around the data: title, note, grid, ticks, labels and legend, as artists.

Owns the look of the surroundings. Knows where things stand from layout, and nothing of values.
"""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist

from workbook.chart import Cells, Panel
from workbook.plots import cells, layout, style
from workbook.plots.marks import area, boxes, curve, dots, label, look


def title_and_note(title: str, note: str, width: float, height: float) -> list[Artist]:
    """The title's lines at the top and the note at the foot."""
    lines, size = layout.fit_title(title, width)
    found: list[Artist] = [
        label(layout.EDGE, layout.EDGE + 13 + 18 * number, line, size=size)
        for number, line in enumerate(lines)
    ]
    if note:
        text = style.shorten(note, width - 2 * layout.EDGE, style.SMALL)
        found.append(label(layout.EDGE, height - layout.EDGE, text, size=style.SMALL,
                           color=style.SOFT))
    return found


def of_panel(panel: Panel | Cells, place: layout.Place, width: float) -> list[Artist]:
    """All that a panel shows apart from its data."""
    room = place.frame.left + place.frame.width - place.left
    found = _header(panel, place, room)
    if isinstance(panel, Cells):
        return found + _columns(panel, place)
    return found + _axes(panel, place)


def _header(panel: Panel | Cells, place: layout.Place, room: float) -> list[Artist]:
    found: list[Artist] = []
    y = place.header + 13
    for line in style.wrap(panel.title, room, style.TEXT, True):
        found.append(label(place.left, y, line, bold=True))
        y += layout.ROW
    names = [] if isinstance(panel, Cells) else style.wrap(panel.y.label, room, style.TEXT)
    for line in names:
        found.append(label(place.left, y, line, color=style.SOFT))
        y += layout.ROW
    items = layout.legend(panel)
    right = place.frame.left + place.frame.width
    if "beside" in layout.header(panel, room):
        start = right - sum(size for _, size in items) + 14
        return found + _legend_row(panel, list(range(len(items))), start, y - layout.ROW)
    for row in layout.key_rows(items, room):
        found += _legend_row(panel, row, place.left, y)
        y += layout.ROW
    return found


def _legend_row(panel: Panel | Cells, row: list[int], x: float, y: float) -> list[Artist]:
    items = layout.legend(panel)
    found: list[Artist] = []
    for number in row:
        sample = 22 if isinstance(panel, Cells) else 34
        found += _sample(panel, number, x, y - 4.5)
        found.append(label(x + sample, y, items[number][0], size=style.SMALL))
        x += items[number][1]
    return found


def _sample(panel: Panel | Cells, item: int, x: float, y: float) -> list[Artist]:
    """The legend's picture of a kind or of a series."""
    ends = np.array([x, x + 28.0])
    box = boxes(ends[:1], ends[1:] - 2, np.array([y - 5.5]), np.array([y + 5.5]))
    if isinstance(panel, Cells):
        number = [n for n, kind in enumerate(panel.kinds) if kind][item]
        return cells.sample(number, x, y)
    drawn = [one for one in panel.series if one.mark != "rule"]
    number = [n for n, one in enumerate(drawn) if one.label][item]
    color, dash, marker, hatch = look(number)
    if drawn[number].mark == "bars":
        fill = style.FILLS[1 + number % 5] if hatch else color
        return [area(box, fill=fill, line=color if hatch else "none", hatch=hatch)]
    if drawn[number].mark == "band":
        edges = [curve(ends - (0, 2), np.full(2, y + side), color=color, width=1, dash=dash)
                 for side in (-5.5, 5.5)]
        return [area(box, fill=color, alpha=0.25), *edges]
    middle = dots(ends[:1] + 14, np.array([y]), marker, color, size=7)
    if drawn[number].mark == "points":
        return [middle]
    return [curve(ends, np.full(2, y), color=color, width=2, dash=dash), middle]


def _axes(panel: Panel, place: layout.Place) -> list[Artist]:
    frame = place.frame
    left, right = frame.left, frame.left + frame.width
    top, foot = frame.top, frame.top + frame.height
    found: list[Artist] = []
    for spot, _ in place.y_ticks:
        y = np.full(2, foot - spot * frame.height)
        found.append(curve(np.array([left, right]), y, color=style.GRID, width=1))
    for spot, _ in place.x_ticks:
        x = np.full(2, left + spot * frame.width)
        found.append(curve(x, np.array([top, foot]), color=style.GRID, width=1))
        found.append(curve(x, np.array([foot, foot + 4]), color=style.LINE, width=1))
    found.append(curve(np.array([left, left, right]), np.array([top, foot, foot]),
                       color=style.LINE, width=1))
    for spot, text in place.y_ticks:
        y = foot - spot * frame.height + 4.5
        found.append(label(left - 6, y, text, align="right", size=style.SMALL))
    y = foot + 3
    for spot, text in place.x_ticks:
        for number, line in enumerate(text.split("\n")):
            found.append(label(left + spot * frame.width, foot + 16 + number * layout.ROW, line,
                               align="center", size=style.SMALL))
            y = max(y, foot + 16 + number * layout.ROW)
    room = right - place.left
    for number, line in enumerate(style.wrap(panel.x.label, room, style.TEXT)):
        found.append(label((left + right) / 2, y + layout.ROW * (number + 1), line,
                           align="center", color=style.SOFT))
    return [artist for artist in found]


def _columns(panel: Cells, place: layout.Place) -> list[Artist]:
    """The column labels below the last row, as many as fit."""
    width = place.frame.width / max(len(panel.columns), 1)
    spots = [((n + 0.5) / len(panel.columns), text) for n, text in enumerate(panel.columns)]
    room = [style.text_width(text, style.SMALL) + 6 if text else 0.0 for _, text in spots]
    y = place.frame.top + cells.row_height(panel, place.frame) * len(panel.rows) + 14
    kept = layout.thin(spots, width * len(spots), room)
    return [
        label(place.frame.left + spot * place.frame.width, y, text, align="center",
              size=style.SMALL, color=style.SOFT)
        for spot, text in kept if text
    ]
