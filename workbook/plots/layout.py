"""Where everything stands: the title, each panel's header, its data area, its labels.

Owns the arithmetic of space, done in CSS pixels from the widths of the texts alone. Knows nothing
of values beyond their limits. Margins are remembered and only ever grow, so that a picture whose
limits change does not jump and never cuts a label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbook.chart import Cells, Panel
from workbook.plots import style
from workbook.plots.marks import Frame
from workbook.plots.scales import Scale, panel_scales, ticks

EDGE = 8.0  # free space along the border
ROW = 17.0  # one line of text
BETWEEN = 22.0  # two panels


@dataclass(frozen=True)
class Place:
    """One panel settled: its frame, scales, ticks and the lines of its header."""

    frame: Frame
    left: float  # where the panel, with its labels, begins
    header: float  # the first text line's top
    scales: tuple[Scale, Scale] | None
    x_ticks: tuple[tuple[float, str], ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()


def title_lines(width: float) -> int:
    """How many lines are kept for the title: enough for 160 characters."""
    return 2 if width >= 600 else 3 if width >= 460 else 4


def fit_title(title: str, width: float) -> tuple[list[str], float]:
    """The title in the lines that are kept for it, and the size at which it fits."""
    room = width - 2 * EDGE
    for size in (style.TITLE, 13.8, 13.0, 12.2, 11.4):
        lines = style.wrap(title, room, size)
        if len(lines) <= title_lines(width):
            return lines, size
    lines = lines[: title_lines(width)]
    return [*lines[:-1], style.shorten(lines[-1] + " …" * 3, room, size)], size


def key_rows(items: list[tuple[str, float]], width: float) -> list[list[int]]:
    """The numbers of the legend's items, row by row, as many in a row as fit."""
    rows: list[list[int]] = []
    used = math.inf
    for number, (_, size) in enumerate(items):
        if used + size > width:
            rows.append([])
            used = 0.0
        rows[-1].append(number)
        used += size
    return rows


def legend(panel: Panel | Cells) -> list[tuple[str, float]]:
    """The legend's texts and the room that each takes, sample included."""
    if isinstance(panel, Cells):
        names = [kind for kind in panel.kinds if kind]
        return [(name, 22 + style.text_width(name, style.SMALL) + 14) for name in names]
    names = [one.label for one in panel.series if one.label and one.mark != "rule"]
    return [(name, 34 + style.text_width(name, style.SMALL) + 14) for name in names]


def header(panel: Panel | Cells, width: float) -> list[str]:
    """What the lines above the frame hold: title, y label, legend rows."""
    found = ["title"] * len(style.wrap(panel.title, width, style.TEXT, True))
    name = [] if isinstance(panel, Cells) else style.wrap(panel.y.label, width, style.TEXT)
    rows = key_rows(legend(panel), width)
    beside = (
        len(name) == 1 and len(rows) == 1
        and style.text_width(name[0], style.TEXT) + 20 + sum(w for _, w in legend(panel)) <= width
    )
    found += ["label"] * len(name)
    return [*found, "beside"] if beside else found + ["legend"] * len(rows)


class Margins:
    """The room for tick and row labels left and right of each frame, and the lines of x labels."""

    def __init__(self) -> None:
        self.left: dict[int, float] = {}
        self.right: dict[int, float] = {}

    def place(self, panels: tuple[Panel | Cells, ...], width: float, height: float) -> list[Place]:
        """Every panel's place on a figure of this size."""
        each = (width - 2 * EDGE - BETWEEN * (len(panels) - 1)) / len(panels)
        lines = [header(panel, each) for panel in panels]
        top = EDGE + title_lines(width) * 18 + 4
        tall = max(_rows(names) for names in lines) * ROW
        bottom = height - EDGE - ROW - 2  # the note's line
        found = []
        for number, panel in enumerate(panels):
            left = EDGE + number * (each + BETWEEN)
            box = Frame(left, top + tall + 5, each, bottom - top - tall - 5)
            settle = self._cells if isinstance(panel, Cells) else self._axes
            found.append(settle(panel, number, box, top))  # type: ignore[arg-type]
        return found

    def _cells(self, panel: Cells, number: int, box: Frame, top: float) -> Place:
        widest = max((style.text_width(name, style.SMALL) for name in panel.rows), default=0.0)
        left = self._grown(self.left, number, min(widest + 10, box.width * 0.45))
        foot = ROW if any(panel.columns) else 4
        frame = Frame(box.left + left, box.top, box.width - left - 1, box.height - foot)
        return Place(frame, box.left, top, None)

    def _axes(self, panel: Panel, number: int, box: Frame, top: float) -> Place:
        scales = panel_scales(panel)
        lines = len(style.wrap(panel.x.label, box.width, style.TEXT))
        tick_lines = 1 + max((text.count("\n") for _, text in panel.x.ticks), default=0)
        height = box.height - lines * ROW - tick_lines * ROW - 2
        up = ticks(panel.y, scales[1], max(2, int(height / 34)))
        up = thin(up, height, [14.0] * len(up))
        widest = max((style.text_width(text, style.SMALL) for _, text in up), default=0.0)
        left = self._grown(self.left, number, widest + 8)
        wide = box.width - left
        across = ticks(panel.x, scales[0], max(2, int(wide / 70)))
        room = [max(style.text_width(line, style.SMALL) for line in text.split("\n")) + 10
                for _, text in across]
        across = thin(across, wide, room)
        ends = [style.text_width(text, style.SMALL) / 2 - (1 - spot) * wide for spot, text in across]
        right = self._grown(self.right, number, max([2.0, *ends]))
        frame = Frame(box.left + left, box.top, wide - right, height)
        return Place(frame, box.left, top, scales, tuple(across), tuple(up))

    @staticmethod
    def _grown(kept: dict[int, float], number: int, needed: float) -> float:
        kept[number] = max(kept.get(number, 0.0), math.ceil(needed / 8) * 8)
        return kept[number]


def _rows(names: list[str]) -> int:
    return len([name for name in names if name != "beside"])


def thin(
    found: list[tuple[float, str]], length: float, room: list[float]
) -> list[tuple[float, str]]:
    """The ticks without those whose text would touch the text before; the first always stays."""
    kept: list[tuple[float, str]] = []
    end = -math.inf
    for (spot, text), size in sorted(zip(found, room, strict=True)):
        middle = spot * length
        if middle - size / 2 >= end:
            kept.append((spot, text))
            end = middle + size / 2
        else:
            kept.append((spot, ""))
    return kept
