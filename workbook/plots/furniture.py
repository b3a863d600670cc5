"""What stands around the data: title, note, grid, ticks, labels and legend, as artists.

Owns the look of the surroundings. Knows where things stand from layout, and nothing of values.
"""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist

from workbook.chart import Cells, Panel
from workbook.plots import cells, layout, style
from workbook.plots.marks import looks
from workbook.plots.shapes import boxes, curve, dots, label, segments
from workbook.plots.style import EDGE, ROW, text_width
from workbook.plots.ticks import Tick, fitted

BASELINE = 13.0  # from the top of a line of text


def of_title(title: str, width: float) -> list[Artist]:
    """The title's lines, at the top."""
    kept = layout.title_lines(width)
    lines, size = layout.fit(title, width - 2 * EDGE, kept, layout.TITLE_SIZES)
    return [
        label(EDGE, EDGE + BASELINE + layout.TITLE_ROW * number, line, size=size)
        for number, line in enumerate(lines)
    ]


def of_note(note: str, width: float, height: float) -> list[Artist]:
    """The note's lines, at the foot."""
    kept = layout.note_lines(width)
    lines, size = layout.fit(note, width - 2 * EDGE, kept, layout.NOTE_SIZES)
    first = height - EDGE - ROW * (kept - 1)
    return [
        label(EDGE, first + ROW * number, line, size=size, color=style.SOFT)
        for number, line in enumerate(lines)
    ]


def of_panel(panel: Panel | Cells, place: layout.Place) -> list[Artist]:
    """All that a panel shows apart from its data."""
    if isinstance(panel, Cells):
        return _header(panel, place) + _columns(panel, place)
    return _header(panel, place) + _grid(place) + _tick_texts(place) + _x_label(panel, place)


def _header(panel: Panel | Cells, place: layout.Place) -> list[Artist]:
    above, left, right = place.header, place.box.left, place.box.right
    y = place.box.top + BASELINE
    found: list[Artist] = []
    for line in above.title:
        found.append(label(left, y, line, bold=True))
        y += ROW
    for line in above.name:
        found.append(label(left, y, line, color=style.SOFT))
        y += ROW
    y -= ROW if above.beside else 0
    for row in above.rows:
        whole = sum(item.room for item in row) - layout.ITEM_GAP
        x = right - whole if above.beside else left
        for item in row:
            if isinstance(panel, Cells):
                picture, room = cells.sample(item.number, x, y - 4.5), layout.CELL_SAMPLE
            else:
                picture, room = _sample(panel, item.number, x, y - 4.5), layout.SERIES_SAMPLE
            found += [*picture, label(x + room, y, item.text)]
            x += item.room
        y += ROW
    return found


def _sample(panel: Panel, number: int, x: float, y: float) -> list[Artist]:
    """The legend's picture of a series, its left edge at x, its middle at y."""
    mark, look = panel.series[number].mark, looks(panel)[number]
    if mark == "bars":
        return [look.bars(boxes(x, x + 26, y - 5.5, y + 5.5))]
    ends = np.array([x, x + 28])
    if mark == "band":
        return look.band(ends, np.full(2, y - 5.5), np.full(2, y + 5.5))
    dot = dots(np.array([x + 14]), np.array([y]), look.marker, look.color, size=7)
    if mark == "points":
        return [dot]
    return [curve(ends, (y, y), color=look.color, width=2, dash=look.dash), dot]


def _grid(place: layout.Place) -> list[Artist]:
    left, right, top, foot = (getattr(place.frame, n) for n in ("left", "right", "top", "foot"))
    across, up = (np.array([tick.place for tick in ticks]) for ticks in place.ticks)
    x, y = place.frame.x(across), place.frame.y(up)
    return [
        segments((left, right), (y, y), color=style.GRID),
        segments((x, x), (top, foot), color=style.GRID),
        segments((x, x), (foot, foot + 5), color=style.LINE),
        segments((left, right), (foot, foot), color=style.LINE),
        segments((left, left), (top, foot), color=style.LINE),
    ]


def _tick_texts(place: layout.Place) -> list[Artist]:
    frame, (across, up) = place.frame, place.ticks
    right = frame.left - EDGE
    found: list[Artist] = []
    for tick in up:
        y = frame.foot - tick.place * frame.height + 4.5
        found.append(
            label(right, y, style.shorten(tick.text, right - place.box.left), align="right")
        )
    for tick in across:
        y = frame.foot + ROW + 1 + (ROW if tick.lower else 0)
        found.append(label(frame.left + tick.place * frame.width, y, tick.text, align="center"))
    return found


def _x_label(panel: Panel, place: layout.Place) -> list[Artist]:
    frame, box = place.frame, place.box
    first = frame.foot + 2 * ROW + 2 + (ROW if any(tick.lower for tick in place.ticks[0]) else 0)
    lines = layout.short_lines(panel.x.label, box.width)
    widest = max(map(text_width, lines), default=0.0)
    middle = frame.left + frame.width / 2
    if widest > 2 * min(middle - box.left, box.right - middle):
        middle = box.left + box.width / 2
    return [
        label(middle, first + ROW * number, line, align="center", color=style.SOFT)
        for number, line in enumerate(lines)
    ]


def _columns(panel: Cells, place: layout.Place) -> list[Artist]:
    """The column labels below the last row, as many as fit."""
    frame, count = place.frame, len(panel.columns)
    found = [Tick((number + 0.5) / count, text) for number, text in enumerate(panel.columns)]
    sizes = [text_width(text) + 6 if text else 0.0 for text in panel.columns]
    y = frame.top + cells.grid_of(panel, frame).height * len(panel.rows) + BASELINE + 1
    return [
        label(frame.left + tick.place * frame.width, y, tick.text, align="center", color=style.SOFT)
        for tick in fitted(found, frame.width, sizes)
    ]
