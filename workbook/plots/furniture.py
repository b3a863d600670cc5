"""What stands around the data: title, note, grid, ticks, labels and legend, as artists.

Owns the look of the surroundings. Knows where things stand from layout, and nothing of values.
"""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist

from workbook.chart import Cells, Panel
from workbook.plots import cells, layout, style
from workbook.plots.marks import looks
from workbook.plots.shapes import area, box, curve, dots, label
from workbook.plots.style import EDGE, ROW
from workbook.plots.ticks import Tick, fitted

TITLE_SIZES = (style.TITLE, 13.8, 12.2, 11.4)
NOTE_SIZES = (style.TEXT, 12.0, 11.2)
BASELINE = 13.0  # from the top of a line of text


def of_title(title: str, width: float) -> list[Artist]:
    """The title's lines, at the top."""
    lines, size = layout.fit(title, width - 2 * EDGE, layout.title_lines(width), TITLE_SIZES)
    return [
        label(EDGE, EDGE + BASELINE + layout.TITLE_ROW * number, line, size=size)
        for number, line in enumerate(lines)
    ]


def of_note(note: str, width: float, height: float) -> list[Artist]:
    """The note's lines, at the foot."""
    kept = layout.note_lines(width)
    lines, size = layout.fit(note, width - 2 * EDGE, kept, NOTE_SIZES)
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
    above, left = place.header, place.box.left
    found: list[Artist] = []
    y = place.box.top + BASELINE
    for line in above.title:
        found.append(label(left, y, line, bold=True))
        y += ROW
    for line in above.name:
        found.append(label(left, y, line, color=style.SOFT))
        y += ROW
    y -= ROW if above.beside else 0
    for row in above.rows:
        whole = sum(above.items[number][1] for number in row) - layout.ITEM_GAP
        x = place.box.right - whole if above.beside else left
        for number in row:
            found += _item(panel, number, above.items[number][0], x, y)
            x += above.items[number][1]
        y += ROW
    return found


def _item(panel: Panel | Cells, number: int, text: str, x: float, y: float) -> list[Artist]:
    """One item of the legend: its picture, then its text."""
    if isinstance(panel, Cells):
        kind = [kind for kind, name in enumerate(panel.kinds) if name][number]
        picture, room = cells.sample(kind, x, y - 4.5), layout.CELL_SAMPLE
    else:
        picture, room = _series_sample(panel, number, x, y - 4.5), layout.SERIES_SAMPLE
    return [*picture, label(x + room, y, text)]


def _series_sample(panel: Panel, number: int, x: float, y: float) -> list[Artist]:
    """The legend's picture of a series, its left edge at x, its middle at y."""
    named = [
        pair
        for pair in zip(panel.series, looks(panel), strict=True)
        if pair[0].label and pair[0].mark != "rule"
    ]
    one, look = named[number]
    ends, middle = np.array([x, x + 28]), np.array([x + 14])
    if one.mark == "bars":
        return [look.area(box(x, x + 26, y - 5.5, y + 5.5))]
    if one.mark == "band":
        edges = [
            curve(ends, np.full(2, y + side), color=look.color, width=1, dash=look.dash)
            for side in (-5.5, 5.5)
        ]
        return [area(box(x, x + 28, y - 5.5, y + 5.5), fill=look.color, alpha=0.2), *edges]
    dot = dots(middle, np.array([y]), look.marker, look.color, size=7)
    if one.mark == "points":
        return [dot]
    return [curve(ends, np.full(2, y), color=look.color, width=2, dash=look.dash), dot]


def _grid(place: layout.Place) -> list[Artist]:
    frame = place.frame
    across, up = (np.array([tick.place for tick in ticks]) for ticks in place.ticks)
    found: list[Artist] = []
    for y in frame.y(up):
        found.append(
            curve(
                np.array([frame.left, frame.right]),
                np.array([y, y]),
                color=style.GRID,
                width=style.HAIRLINE,
            )
        )
    for x in frame.x(across):
        found.append(
            curve(
                np.array([x, x]),
                np.array([frame.top, frame.foot]),
                color=style.GRID,
                width=style.HAIRLINE,
            )
        )
        found.append(
            curve(
                np.array([x, x]),
                np.array([frame.foot, frame.foot + 5]),
                color=style.LINE,
                width=style.HAIRLINE,
            )
        )
    corner = np.array([frame.left, frame.left, frame.right])
    found.append(
        curve(
            corner,
            np.array([frame.top, frame.foot, frame.foot]),
            color=style.LINE,
            width=style.HAIRLINE,
        )
    )
    return found


def _tick_texts(place: layout.Place) -> list[Artist]:
    frame, (across, up) = place.frame, place.ticks
    room = frame.left - EDGE - place.box.left
    found: list[Artist] = [
        label(
            frame.left - EDGE,
            frame.foot - tick.place * frame.height + 4.5,
            style.shorten(tick.text, room, style.TEXT),
            align="right",
        )
        for tick in up
        if tick.text
    ]
    for tick in across:
        y = frame.foot + ROW + 1 + (ROW if tick.lower else 0)
        if tick.text:
            x = frame.left + tick.place * frame.width
            found.append(label(x, y, tick.text, align="center"))
    return found


def _x_label(panel: Panel, place: layout.Place) -> list[Artist]:
    frame = place.frame
    first = frame.foot + 2 * ROW + 2 + (ROW if any(tick.lower for tick in place.ticks[0]) else 0)
    lines = layout.short_lines(panel.x.label, place.box.width)
    widest = max((style.text_width(line, style.TEXT) for line in lines), default=0.0)
    middle = frame.left + frame.width / 2
    if widest > 2 * min(middle - place.box.left, place.box.right - middle):
        middle = place.box.left + place.box.width / 2
    return [
        label(middle, first + ROW * number, line, align="center", color=style.SOFT)
        for number, line in enumerate(lines)
    ]


def _columns(panel: Cells, place: layout.Place) -> list[Artist]:
    """The column labels below the last row, as many as fit."""
    frame = place.frame
    count = len(panel.columns)
    found = [Tick((number + 0.5) / count, text) for number, text in enumerate(panel.columns)]
    sizes = [style.text_width(text, style.TEXT) + 6 if text else 0.0 for text in panel.columns]
    y = frame.top + cells.grid_of(panel, frame).height * len(panel.rows) + BASELINE + 1
    return [
        label(frame.left + tick.place * frame.width, y, tick.text, align="center", color=style.SOFT)
        for tick in fitted(found, frame.width, sizes)
        if tick.text
    ]
