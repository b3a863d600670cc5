"""What stands around the data, and where: title, note, legend, grid, ticks and labels.

Owns the arithmetic of space, done in CSS pixels from the widths of the texts alone. Knows nothing
of values beyond their limits. Margins are remembered and only ever grow, so that a picture whose
limits change jumps as little as can be and never cuts a label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist

from workbook.chart import Cells, Panel
from workbook.plots import cells, style
from workbook.plots.marks import looks
from workbook.plots.scales import Scale, panel_scales
from workbook.plots.shapes import Frame, curve, label, segments
from workbook.plots.style import EDGE, ROW, SOFT, TEXT, text_width
from workbook.plots.ticks import Tick, fitted, ticks

BASELINE = 13.0  # from the top of a line of text
TITLE_ROW = 18.0
TITLE_SIZES = (style.TITLE, 13.8, 12.2, 11.4)
NOTE_SIZES = (TEXT, 12.0, 11.2)
BETWEEN = 22.0  # two panels
CELL_SAMPLE, SERIES_SAMPLE = 24.0, 34.0  # the legend's pictures, with the space to their text
LEAST = 60.0  # no frame with its labels is lower, however many lines stand above it
RIGHT = 24.0  # taken for the right margin while it is not known: half a tick's text
ITEM_GAP = 14.0  # from one item of the legend to the next


@dataclass(frozen=True)
class Place:
    """One panel settled: its frame, the scales of x and y, and all that stands around the data."""

    frame: Frame
    scales: tuple[Scale, ...]
    around: list[Artist]


def title_lines(width: float) -> int:
    """How many lines are kept for the title: enough for 160 characters."""
    return 2 if width >= 600 else 3 if width >= 460 else 4


def _note_lines(width: float) -> int:
    return 1 if width >= 600 else 2


def fit(
    text: str, width: float, lines: int, sizes: tuple[float, ...], *, bold: bool = False
) -> tuple[list[str], float]:
    """The text in so many lines, and the largest size at which it fits; at the last it is cut."""
    found: list[str] = []
    for size in sizes:
        found = style.wrap(text, width, size, bold)
        if len(found) <= lines:
            return found, size
    last = style.shorten(" ".join(found[lines - 1 :]), width, sizes[-1], bold)
    return [*found[: lines - 1], last], sizes[-1]


def of_title(title: str, width: float) -> list[Artist]:
    """The title's lines, at the top."""
    lines, size = fit(title, width - 2 * EDGE, title_lines(width), TITLE_SIZES)
    return [
        label(EDGE, EDGE + BASELINE + TITLE_ROW * number, line, size=size)
        for number, line in enumerate(lines)
    ]


def of_note(note: str, width: float, height: float) -> list[Artist]:
    """The note's lines, at the foot."""
    kept = _note_lines(width)
    lines, size = fit(note, width - 2 * EDGE, kept, NOTE_SIZES)
    first = height - EDGE - ROW * (kept - 1)
    return [
        label(EDGE, first + ROW * number, line, size=size, color=SOFT)
        for number, line in enumerate(lines)
    ]


class Margins:
    """The room left and right of each frame, remembered from one layout to the next."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, str], float] = {}

    def places(self, panels: tuple[Panel | Cells, ...], width: float, height: float) -> list[Place]:
        """Every panel's place on a figure of this size, side by side."""
        each = (width - 2 * EDGE - BETWEEN * (len(panels) - 1)) / len(panels)
        top = EDGE + title_lines(width) * TITLE_ROW + 4
        foot = height - EDGE - _note_lines(width) * ROW - 3
        boxes = [
            Frame(EDGE + number * (each + BETWEEN), top, each, foot - top)
            for number in range(len(panels))
        ]
        headers = [_header(panel, box) for panel, box in zip(panels, boxes, strict=True)]
        down = max(lines for _, lines in headers) * ROW + 9
        found = []
        for number, (panel, box) in enumerate(zip(panels, boxes, strict=True)):
            free = Frame(box.left, top + down, each, max(foot - top - down, LEAST))
            key = (len(panels), number)
            if isinstance(panel, Cells):
                place = self._of_cells(panel, free, key)
            else:
                place = self._of_panel(panel, free, key)
            place.around.extend(headers[number][0])
            found.append(place)
        return found

    def _of_cells(self, panel: Cells, free: Frame, key: tuple[int, int]) -> Place:
        widest = max(map(text_width, panel.rows), default=0.0)
        left = self._grown((*key, "left"), min(widest + EDGE + 2, free.width * 0.45))
        foot = ROW if any(panel.columns) else 2
        frame = Frame(free.left + left, free.top, free.width - left - 1, free.height - foot)
        return Place(frame, (), _columns(panel, frame))

    def _of_panel(self, panel: Panel, free: Frame, key: tuple[int, int]) -> Place:
        scales = panel_scales(panel)
        tall = free.height - (len(_short_lines(panel.x.label, free.width)) + 1) * ROW - 4
        up = ticks(panel.y, scales[1], max(2, int(tall / 34)))
        up = fitted(up, tall, [14.0] * len(up))
        widest = max((text_width(tick.text) for tick in up), default=0.0)
        left = self._grown((*key, "left"), min(widest + EDGE + 1, free.width / 2))
        wide = free.width - left - RIGHT
        across = ticks(panel.x, scales[0], max(2, int(wide / 70)))
        sizes = [text_width(tick.text) + 10 for tick in across]
        across = fitted(across, wide, sizes, stagger=bool(panel.x.ticks))
        ends = [text_width(tick.text) / 2 - (1 - tick.place) * wide for tick in across]
        right = self._grown((*key, "right"), max([4.0, *ends]))
        lower = ROW if any(tick.lower for tick in across) else 0.0
        frame = Frame(free.left + left, free.top, free.width - left - right, tall - lower)
        around = _grid(frame, across, up) + _tick_texts(frame, across, up, free.left)
        return Place(frame, scales, around + _x_label(panel.x.label, frame, free, lower))

    def _grown(self, key: tuple[int, int, str], needed: float) -> float:
        """The margin, now at least `needed`: in steps, so that small changes move nothing."""
        self._kept[key] = max(self._kept.get(key, 0.0), math.ceil(needed / 8) * 8)
        return self._kept[key]


def _short_lines(text: str, width: float, *, bold: bool = False) -> list[str]:
    """A title or an axis label in at most two lines."""
    return fit(text, width, 2, (TEXT,), bold=bold)[0]


def _header(panel: Panel | Cells, box: Frame) -> tuple[list[Artist], int]:
    """The lines above a frame, and how many: the panel's title, its y axis' name, the legend."""
    title = _short_lines(panel.title, box.width, bold=True)
    name = [] if isinstance(panel, Cells) else _short_lines(panel.y.label, box.width)
    first = box.top + BASELINE
    found: list[Artist] = [
        label(box.left, first + ROW * number, line, bold=True) for number, line in enumerate(title)
    ]
    for number, line in enumerate(name, len(title)):
        found.append(label(box.left, first + ROW * number, line, color=SOFT))
    sample = CELL_SAMPLE if isinstance(panel, Cells) else SERIES_SAMPLE
    rows = _legend(panel, box.width, sample)
    whole = sum(room for _, _, room in rows[0]) - ITEM_GAP if rows else 0.0
    # A legend of one row may stand to the right of the name.
    beside = len(name) == len(rows) == 1 and text_width(name[0]) + 24 + whole <= box.width
    lines = len(title) + len(name) - beside
    for line_number, row in enumerate(rows, lines):
        x, y = box.right - whole if beside else box.left, first + ROW * line_number
        for number, text, room in row:
            if isinstance(panel, Cells):
                found += cells.sample(panel.legend[number][0], x, y - 4.5)
            else:
                found += looks(panel)[number].sample(panel.series[number].mark, x, y - 4.5)
            found.append(label(x + sample, y, text))
            x += room
    return found, lines + len(rows)


def _legend(
    panel: Panel | Cells, width: float, sample: float
) -> list[list[tuple[int, str, float]]]:
    """Row by row, as many items as fit: which series or kind, its text, the room that it takes."""
    if isinstance(panel, Cells):
        names = [words for _, words in panel.legend]
    else:
        names = ["" if one.mark == "rule" else one.label for one in panel.series]
    rows: list[list[tuple[int, str, float]]] = []
    used = math.inf
    for number, name in enumerate(names):
        text = style.shorten(name, width - sample - ITEM_GAP)
        room = sample + text_width(text) + ITEM_GAP
        if name and used + room > width + ITEM_GAP:
            rows.append([])
            used = 0.0
        if name:
            rows[-1].append((number, text, room))
            used += room
    return rows


def _grid(frame: Frame, across: list[Tick], up: list[Tick]) -> list[Artist]:
    left, right, top, foot = frame.left, frame.right, frame.top, frame.foot
    x = frame.x(np.array([tick.place for tick in across]))
    y = frame.y(np.array([tick.place for tick in up]))
    return [
        segments((left, right), (y, y), color=style.GRID),
        segments((x, x), (top, foot), color=style.GRID),
        segments((x, x), (foot, foot + 5), color=style.LINE),
        curve((left, left, right), (top, foot, foot), color=style.LINE, width=style.HAIRLINE),
    ]


def _tick_texts(frame: Frame, across: list[Tick], up: list[Tick], border: float) -> list[Artist]:
    right = frame.left - EDGE
    found: list[Artist] = []
    for tick in up:
        y = frame.foot - tick.place * frame.height + 4.5
        found.append(label(right, y, style.shorten(tick.text, right - border), align="right"))
    for tick in across:
        y = frame.foot + ROW + 1 + (ROW if tick.lower else 0)
        found.append(label(frame.left + tick.place * frame.width, y, tick.text, align="center"))
    return found


def _x_label(text: str, frame: Frame, free: Frame, lower: float) -> list[Artist]:
    """The lines below the ticks, in the middle of the frame or, if too wide, of the panel."""
    lines = _short_lines(text, free.width)
    widest = max(map(text_width, lines), default=0.0)
    middle = frame.left + frame.width / 2
    if widest > 2 * min(middle - free.left, free.right - middle):
        middle = free.left + free.width / 2
    first = frame.foot + 2 * ROW + 2 + lower
    return [
        label(middle, first + ROW * number, line, align="center", color=SOFT)
        for number, line in enumerate(lines)
    ]


def _columns(panel: Cells, frame: Frame) -> list[Artist]:
    """The column labels below the last row, as many as fit."""
    count = len(panel.columns)
    found = [Tick((number + 0.5) / count, text) for number, text in enumerate(panel.columns)]
    sizes = [text_width(text) + 6 if text else 0.0 for text in panel.columns]
    y = frame.top + cells.grid_of(panel, frame).height * len(panel.rows) + BASELINE + 1
    return [
        label(frame.left + tick.place * frame.width, y, tick.text, align="center", color=SOFT)
        for tick in fitted(found, frame.width, sizes)
    ]
