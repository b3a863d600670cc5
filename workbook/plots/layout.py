"""Where everything stands: the title, each panel's header, its data area, its labels.

Owns the arithmetic of space, done in CSS pixels from the widths of the texts alone. Knows nothing
of values beyond their limits. Margins are remembered and only ever grow, so that a picture whose
limits change jumps as little as can be and never cuts a label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbook.chart import Cells, Panel
from workbook.plots import style
from workbook.plots.scales import Scale, panel_scales
from workbook.plots.shapes import Frame
from workbook.plots.style import EDGE, ROW, TEXT, text_width
from workbook.plots.ticks import Tick, fitted, ticks

TITLE_ROW = 18.0
TITLE_SIZES = (style.TITLE, 13.8, 12.2, 11.4)
NOTE_SIZES = (TEXT, 12.0, 11.2)
BETWEEN = 22.0  # two panels
CELL_SAMPLE, SERIES_SAMPLE = 24.0, 34.0  # the legend's pictures, with the space to their text
LEAST = 60.0  # no frame with its labels is lower, however many lines stand above it
RIGHT = 24.0  # taken for the right margin while it is not known: half a tick's text
ITEM_GAP = 14.0  # from one item of the legend to the next


@dataclass(frozen=True)
class Header:
    """The lines above a frame: the panel's title, the name of its y axis, the legend's rows."""

    title: list[str]
    name: list[str]
    rows: list[list[Item]]
    beside: bool  # the legend's only row stands to the right of the name

    @property
    def lines(self) -> int:
        """How many lines of text it is high."""
        return len(self.title) + len(self.name) + (0 if self.beside else len(self.rows))


@dataclass(frozen=True)
class Item:
    """One item of a legend: which series or kind, its text and the room that it takes."""

    number: int
    text: str
    room: float


@dataclass(frozen=True)
class Place:
    """One panel settled: its box with all labels, its frame; for x and y a scale and ticks."""

    box: Frame
    frame: Frame
    header: Header
    scales: tuple[Scale, ...] = ()
    ticks: tuple[list[Tick], ...] = ()


def title_lines(width: float) -> int:
    """How many lines are kept for the title: enough for 160 characters."""
    return 2 if width >= 600 else 3 if width >= 460 else 4


def note_lines(width: float) -> int:
    """How many lines are kept for the note."""
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


def short_lines(text: str, width: float, *, bold: bool = False) -> list[str]:
    """A title or an axis label in at most two lines."""
    return fit(text, width, 2, (TEXT,), bold=bold)[0]


def header(panel: Panel | Cells, width: float) -> Header:
    """The lines above a frame in a panel of this width."""
    if isinstance(panel, Cells):
        name, sample, labels = list[str](), CELL_SAMPLE, list(panel.kinds)
    else:
        name, sample = short_lines(panel.y.label, width), SERIES_SAMPLE
        labels = ["" if one.mark == "rule" else one.label for one in panel.series]
    rows: list[list[Item]] = []
    used = math.inf
    for number, text in enumerate(labels):
        if not text:
            continue
        text = style.shorten(text, width - sample - ITEM_GAP)
        room = sample + text_width(text) + ITEM_GAP
        if used + room > width + ITEM_GAP:
            rows.append([])
            used = 0.0
        rows[-1].append(Item(number, text, room))
        used += room
    beside = len(name) == len(rows) == 1 and text_width(name[0]) + 24 + used - ITEM_GAP <= width
    return Header(short_lines(panel.title, width, bold=True), name, rows, beside)


class Margins:
    """The room left and right of each frame, remembered from one layout to the next."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, str], float] = {}

    def places(self, panels: tuple[Panel | Cells, ...], width: float, height: float) -> list[Place]:
        """Every panel's place on a figure of this size, side by side."""
        each = (width - 2 * EDGE - BETWEEN * (len(panels) - 1)) / len(panels)
        headers = [header(panel, each) for panel in panels]
        top = EDGE + title_lines(width) * TITLE_ROW + 4
        down = max(one.lines for one in headers) * ROW + 9
        foot = height - EDGE - note_lines(width) * ROW - 3
        tall = max(foot - top - down, LEAST)
        found = []
        for number, panel in enumerate(panels):
            box = Frame(EDGE + number * (each + BETWEEN), top, each, foot - top)
            free = Frame(box.left, top + down, each, tall)
            key = (len(panels), number)
            if isinstance(panel, Cells):
                found.append(Place(box, self._of_cells(panel, free, key), headers[number]))
            else:
                found.append(self._of_panel(panel, box, free, headers[number], key))
        return found

    def _of_cells(self, panel: Cells, free: Frame, key: tuple[int, int]) -> Frame:
        widest = max(map(text_width, panel.rows), default=0.0)
        left = self._grown((*key, "left"), min(widest + EDGE + 2, free.width * 0.45))
        foot = ROW if any(panel.columns) else 2
        return Frame(free.left + left, free.top, free.width - left - 1, free.height - foot)

    def _of_panel(
        self, panel: Panel, box: Frame, free: Frame, above: Header, key: tuple[int, int]
    ) -> Place:
        scales = panel_scales(panel)
        tall = free.height - (len(short_lines(panel.x.label, free.width)) + 1) * ROW - 4
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
        tall -= ROW if any(tick.lower for tick in across) else 0
        frame = Frame(free.left + left, free.top, free.width - left - right, tall)
        return Place(box, frame, above, scales, (across, up))

    def _grown(self, key: tuple[int, int, str], needed: float) -> float:
        """The margin, now at least `needed`: in steps, so that small changes move nothing."""
        self._kept[key] = max(self._kept.get(key, 0.0), math.ceil(needed / 8) * 8)
        return self._kept[key]
