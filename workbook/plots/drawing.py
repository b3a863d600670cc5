"""Charts as matplotlib Figures, and a persistent one that makes PNGs of one size.

Owns the figure, its kept pixels and the order of drawing. Knows nothing of what is measured. What
stays while a slider moves (axes, ticks, labels, legend) is laid out and drawn once and kept as
pixels; the rest is made anew for each picture and drawn onto a copy, so that a picture depends on
its chart and words alone, never on those before.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox, ScaledTranslation, blended_transform_factory
from PIL import Image

from workbook.chart import Cells, Chart, Panel
from workbook.plots import axes, cells, marks, style
from workbook.plots.style import EDGE, POINT, ROW, TEXT, Theme, fit, text_width

if TYPE_CHECKING:  # what it needs takes a second to import
    from workbook.result import Result

WIDTH, HEIGHT = 680, 340
SCALE = 1.5  # device pixels to a CSS pixel; coarser, hinting makes texts wider than was measured
TITLE_SIZES = (style.TITLE, 13.8, 12.2, 11.4)
NOTE_SIZES = (TEXT, 12.0, 11.2)
BETWEEN = 22.0  # two panels
SAMPLE, GAP = 34.0, 14.0  # the legend's pictures, with the space to their text; between two entries


def figure(result: Result, theme: Theme = "light", room: int = WIDTH) -> Figure:
    """Draw a result's chart as a matplotlib Figure, to save as SVG or PDF or to change.

    `room` is the width in CSS pixels that a page has for it.

    Its Axes hold the data in their own coordinates. ValueError for an unknown theme.

    >>> from workbook.causes.precision import SIX_NUMBERS
    >>> from workbook.experiment import run
    >>> figure(run(SIX_NUMBERS)).axes[0].get_xlabel()
    'the sum'
    """
    finding = result.finding
    with style.themed(theme):
        stage = _Stage(finding.chart, *size_for(finding.chart, room), theme)
        stage.words(finding.verdict, finding.reading)
        stage.data(finding.chart)
    return stage.figure


class Drawing:
    """A figure of `width` by `height` CSS pixels, with `SCALE` device pixels to each.

    ValueError for a size at which nothing could be read, or an unknown theme.

    >>> from workbook.chart import Axis, Chart, Panel, Series
    >>> line = Series("float32", (1.0, 2.0), (3.0, 4.0))
    >>> picture = Drawing().png(Chart((Panel(Axis("size"), Axis("error"), (line,)),)), "It grows.")
    >>> picture[:4]
    b'\\x89PNG'
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, theme: Theme = "light") -> None:
        if not (300 <= width <= 2000 and 240 <= height <= 2000):
            raise ValueError(
                f"a drawing is 300 to 2000 wide and 240 to 2000 high, got {width} by {height}"
            )
        self.width, self.height, self.theme = width, height, theme
        style.settings(theme)  # refuses a theme that does not exist
        self._structure: object = None
        self._stage: Any = None
        self._background: Any = None

    def png(self, chart: Chart, title: str, note: str = "") -> bytes:
        """Draw the chart as a PNG, `title` (the verdict) above it and `note` (the digits) below.

        A chart of the same structure as the one before, within the same limits, re-draws only what
        moved. TypeError for anything that is not a chart.
        """
        if not isinstance(chart, Chart):
            raise TypeError(f"a drawing draws a Chart, got {type(chart).__name__}")
        with style.themed(self.theme):
            structure = _structure(chart)
            if structure != self._structure:
                self._structure = None  # should anything raise, the next call starts afresh
                self._stage = _Stage(chart, self.width, self.height, self.theme)
                self._background = self._stage.background()
                self._structure = structure
            with self._stage.moving(chart, title, note) as artists:
                pixels = self._stage.pixels(self._background, artists)
        return _encoded(pixels, _colors(chart, self.theme))

    @property
    def frames(self) -> tuple[tuple[float, float, float, float], ...]:
        """Give each panel's data area as last drawn: left, top, width, height in CSS pixels."""
        return tuple(self._stage.frames()) if self._stage else ()


def title_lines(width: float) -> int:
    """Say how many lines are kept for the title: enough for 160 characters."""
    return 2 if width >= 600 else 3 if width >= 460 else 4


def note_lines(width: float) -> int:
    """Say how many lines are kept for the note."""
    return 1 if width >= 600 else 2


def size_for(chart: Chart, room: int = WIDTH) -> tuple[int, int]:
    """Choose the size of a chart's picture in CSS pixels, where `room` is the page's width.

    As wide as the room, but never so narrow that names or cells of a table would be cut; higher
    than `HEIGHT` where a table has many rows, or where a narrow title needs more lines.

    >>> from workbook.chart import Axis, Panel
    >>> size_for(Chart((Panel(Axis("x"), Axis("y"), ()),)), room=400)
    (400, 393)
    """
    tables = [panel for panel in chart.panels if isinstance(panel, Cells)]
    count = len(chart.panels)
    each = max((cells.least_width(table) for table in tables), default=0.0)
    least = min(WIDTH, count * each + (count - 1) * BETWEEN + 2 * EDGE)
    width = max(room, 20 * math.ceil(least / 20))
    more = title_lines(width) - title_lines(WIDTH), note_lines(width) - note_lines(WIDTH)
    rows = max((cells.more_height(table) for table in tables), default=0.0)
    return width, HEIGHT + round(more[0] * 18 + more[1] * ROW + rows)


class _Stage:
    """A laid-out Figure without data: axes with their ticks, labels, and legends."""

    def __init__(self, chart: Chart, width: float, height: float, theme: Theme) -> None:
        dpi = 96 * SCALE
        size = round(width * SCALE) / dpi, round(height * SCALE) / dpi
        self.figure = Figure(size, dpi)
        self.canvas: Any = FigureCanvasAgg(self.figure)  # its methods have no types
        self.width, self.height, self.theme = width, height, theme
        self._title_lines = title_lines(width)
        self._note_lines = note_lines(width)
        self.axes = self._laid_out(chart)

    def _laid_out(self, chart: Chart) -> list[Any]:
        count = len(chart.panels)
        each = (self.width - 2 * EDGE - BETWEEN * (count - 1)) / count
        top = EDGE + self._title_lines * 18 + 4
        foot = EDGE + self._note_lines * ROW + 4
        headers = [_Header(panel, each, self.theme) for panel in chart.panels]
        down = max(header.height for header in headers)
        room = max(self.height - top - foot - down, 60.0)
        found = []
        for number, (panel, header) in enumerate(zip(chart.panels, headers, strict=True)):
            left = EDGE + number * (each + BETWEEN)
            box = Bbox.from_bounds(left, foot, each, room)
            ax: Any = self.figure.add_axes((0, 0, 1, 1))
            prepare: Any = cells.prepare if isinstance(panel, Cells) else axes.prepare
            prepare(ax, panel, (each, room))
            header.put(ax, left / self.width)
            self._fit(ax, box, table=isinstance(panel, Cells))
            found.append(ax)
        return found

    def _fit(self, ax: Any, box: Bbox, *, table: bool) -> None:
        """Place axes so that they with their ticks and labels fill a box of CSS pixels."""
        share = Affine2D().scale(1 / self.width, 1 / self.height)
        ax.set_position(box.transformed(share))
        tight = ax.get_tightbbox(self.canvas.get_renderer(), for_layout_only=True)
        outer = tight.transformed(Affine2D().scale(1 / SCALE))
        frame = Bbox(box.get_points() * 2 - outer.get_points())
        if not table:
            frame.y1 = box.y1 - 7  # half a tick's text: panels begin level
        ax.set_position(frame.transformed(share))

    def background(self) -> Any:
        """Draw all that stays, and keep its pixels."""
        self.canvas.draw()
        return self.canvas.copy_from_bbox(self.figure.bbox)

    def words(self, title: str, note: str) -> list[Artist]:
        """Add the title at the top and the note at the foot."""
        free = self.width - 2 * EDGE
        lines, size = fit(title, free, self._title_lines, TITLE_SIZES)
        found = [
            self._line(line, EDGE + 13 + 18 * number, size, style.INK[self.theme])
            for number, line in enumerate(lines)
        ]
        lines, size = fit(note, free, self._note_lines, NOTE_SIZES)
        first = self.height - EDGE - ROW * (self._note_lines - 1)
        for number, line in enumerate(lines):
            found.append(self._line(line, first + ROW * number, size, style.SOFT[self.theme]))
        return found

    def _line(self, text: str, down: float, size: float, ink: str) -> Artist:
        x, y = EDGE / self.width, 1 - down / self.height
        return self.figure.text(x, y, text, fontsize=size * POINT, color=ink, va="baseline")

    def data(self, chart: Chart) -> list[Artist]:
        """Add what the chart's panels hold."""
        found: list[Artist] = []
        for ax, panel in zip(self.axes, chart.panels, strict=True):
            if isinstance(panel, Cells):
                found += cells.draw(ax, panel, self.theme)
            else:
                found += marks.draw(ax, panel, self.theme)
        for number, artist in enumerate(found):
            artist.set_zorder(3 + number / 1000)  # a whole drawing keeps the order, too
        return found

    @contextmanager
    def moving(self, chart: Chart, title: str, note: str) -> Iterator[list[Artist]]:
        """Add words and data, and take them off again."""
        before = [set(each.get_children()) for each in (self.figure, *self.axes)]
        try:
            yield self.words(title, note) + self.data(chart)
        finally:
            for each, kept in zip((self.figure, *self.axes), before, strict=True):
                for artist in set(each.get_children()) - kept:
                    artist.remove()

    def pixels(self, background: Any, artists: list[Artist]) -> Any:
        """Draw these artists onto the background."""
        self.canvas.restore_region(background)
        renderer = self.canvas.get_renderer()
        for artist in artists:
            artist.draw(renderer)
        return np.asarray(self.canvas.buffer_rgba())

    def frames(self) -> Iterator[tuple[float, float, float, float]]:
        """Give left, top, width and height of each axes in CSS pixels."""
        for ax in self.axes:
            box = ax.bbox
            top = self.height - box.y1 / SCALE
            yield box.x0 / SCALE, top, box.width / SCALE, box.height / SCALE


class _Header:
    """The lines above a panel: its title, the name of its y axis, its legend."""

    def __init__(self, panel: Panel | Cells, width: float, theme: Theme) -> None:
        self.theme = theme
        self.title = fit(panel.title, width, 2, bold=True)[0]
        self.name = [] if isinstance(panel, Cells) else fit(panel.y.label, width, 2)[0]
        samples: Any = cells.samples if isinstance(panel, Cells) else marks.samples
        found = samples(panel, theme)
        self.entries = [(style.shorten(text, width - SAMPLE), sample) for text, sample in found]
        self.columns = self._columns(width)
        self.above = cells.head(panel, width) if isinstance(panel, Cells) else 0.0
        self.rows = -(-len(self.entries) // self.columns) if self.entries else 0
        self.height = (len(self.title) + len(self.name) + self.rows) * ROW + 11

    def _columns(self, width: float) -> int:
        """Count how many entries fit beside one another; the columns are aligned."""
        rooms = [SAMPLE + text_width(text) + GAP for text, _ in self.entries]
        for count in range(len(rooms), 1, -1):
            columns = np.array_split(rooms, count)  # as matplotlib's legend does
            if sum(max(column) for column in columns) - GAP <= width:
                return count
        return 1

    def put(self, ax: Any, left: float) -> None:
        """Add the lines above the axes, from `left` on, a share of the figure."""
        figure = ax.figure
        above = ScaledTranslation(0, (8 + self.above) / 96, figure.dpi_scale_trans)
        place = blended_transform_factory(figure.transFigure, ax.transAxes) + above
        down = self.rows * ROW
        lines = [(line, False) for line in reversed(self.name)]
        lines += [(line, True) for line in reversed(self.title)]
        for number, (line, bold) in enumerate(lines):
            shift = ScaledTranslation(0, (down + number * ROW + 4) / 96, figure.dpi_scale_trans)
            text = ax.text(left, 1, line, transform=place + shift, clip_on=False)
            ink = style.INK if bold else style.SOFT
            text.set(color=ink[self.theme], fontweight="bold" if bold else "normal")
            text.set_in_layout(False)
        if self.entries:
            legend = ax.legend(
                [sample for _, sample in self.entries],
                [text for text, _ in self.entries],
                loc="lower left",
                bbox_to_anchor=(left, 1),
                bbox_transform=place,
                ncols=self.columns,
                frameon=False,
                borderpad=0,
                borderaxespad=0,
                handlelength=2.2,
                labelspacing=0.28,
                columnspacing=GAP / TEXT,
            )
            legend.set_in_layout(False)


def _structure(chart: Chart) -> object:
    """Collect everything that stays: charts with equal structures share it."""
    return tuple(map(_structure_of, chart.panels))


def _structure_of(panel: Panel | Cells) -> object:
    if isinstance(panel, Cells):
        return panel.title, panel.rows, panel.columns, panel.legend, cells.needs(panel)
    x, y = axes.limits(panel)
    series = tuple((one.label, one.mark) for one in panel.series)
    return panel.title, panel.x, panel.y, x, y, axes.beneath(panel, y[0]), series


def _colors(chart: Chart, theme: Theme) -> tuple[str, ...]:
    """List the colors that a chart's picture has."""
    shown: list[style.Look] = []
    for panel in chart.panels:
        shown += cells.looks(panel) if isinstance(panel, Cells) else marks.series_looks(panel)
    return style.palette(theme, dict.fromkeys(shown))


def _encoded(pixels: Any, colors: tuple[str, ...]) -> bytes:
    """Write opaque pixels as a PNG with a palette; smoothed edges take the nearest color."""
    height, width, _ = pixels.shape
    picture = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1)
    buffer = io.BytesIO()
    flat = picture.convert("RGB").quantize(palette=_palette(colors), dither=Image.Dither.NONE)
    flat.save(buffer, "PNG", compress_level=4)  # 6 takes twice as long for a hundredth less
    return buffer.getvalue()


@lru_cache(maxsize=16)
def _palette(colors: tuple[str, ...]) -> Image.Image:
    palette = Image.new("P", (1, 1))
    palette.putpalette([round(255 * part) for one in colors for part in to_rgb(one)])
    return palette
