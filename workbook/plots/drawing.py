"""Charts as matplotlib Figures, and a persistent one that makes PNGs.

Owns the figure, its kept pixels and the order of drawing. Knows nothing of what is measured. What
stays while a slider moves (axes, ticks, labels, legend) is laid out and drawn once and kept as
pixels; the rest is made anew for each picture and drawn onto a copy, so that a picture depends on
its chart and words alone, never on those before.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib import ft2font
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from workbook.chart import Cells, Chart
from workbook.plots import style
from workbook.plots.axes import TOP
from workbook.plots.cells import Table, least_width
from workbook.plots.marks import Plot
from workbook.plots.style import EDGE, GAP, POINT, ROW, SAMPLE, TEXT, TITLE, Theme, text_width

if TYPE_CHECKING:  # what it needs takes a second to import
    from workbook.result import Result

WIDTH = 680
SCALE = 1.5  # device pixels to a CSS pixel; coarser, hinting makes texts wider than was measured
BETWEEN = 22.0  # two panels
OVER = 8.0  # between the legend and the axes
WIDE, HIGH = 28.0, 9.0  # of a picture in the legend


def figure(result: Result, theme: Theme = "light", room: int = WIDTH) -> Figure:
    """Draw a result's chart as a matplotlib Figure, to save as SVG or PDF or to change.

    `room` is the width in CSS pixels that a page has for it.

    Its Axes hold the data in their own coordinates. ValueError for an unknown theme.

    >>> from workbook.causes.precision import SIX_NUMBERS
    >>> from workbook.experiment import run
    >>> figure(run(SIX_NUMBERS)).axes[0].get_xlabel()
    'the sum'
    """
    with style.themed(theme):
        plan = _Plan(result.finding.chart, room, _words(result))
        stage = _Stage(plan, theme)
        stage.fill(plan)
    return stage.figure


def static(result: Result, theme: Theme = "light") -> bytes:
    """Draw a result for readers without a kernel: a PNG of `static_size` CSS pixels.

    It is opaque and, unless another theme is asked for, light, so that it reads on any page, and it
    says LIVE, RECORDED or SIMULATED and the machine. The same result gives the same bytes.
    """
    return Drawing(theme=theme).png(result.finding.chart, *_words(result))


def static_size(result: Result) -> dict[str, int]:
    """Give the size of a result's static figure in CSS pixels, as a notebook's metadata has it."""
    plan = _Plan(result.finding.chart, WIDTH, _words(result))
    return {"width": plan.width, "height": plan.height}


def _words(result: Result) -> tuple[str, ...]:
    """Give a result's verdict, then what stands below its chart: the digits, where it was measured,
    and what could hide in its rounding. A whole term stands with the verdict, as large.
    """
    finding = result.finding
    if finding.blind:
        return f"{finding.verdict} {finding.unseen}", finding.reading, result.where
    return finding.verdict, finding.reading, result.where, finding.unseen


class Drawing:
    """A figure that stays, for a page with `room` CSS pixels; `SCALE` device pixels to each.

    ValueError for a room in which nothing could be read, or an unknown theme.

    >>> from workbook.chart import Axis, Chart, Panel, Series
    >>> line = Series("float32", (1.0, 2.0), (3.0, 4.0))
    >>> picture = Drawing().png(Chart((Panel(Axis("size"), Axis("error"), (line,)),)), "It grows.")
    >>> picture[:4]
    b'\\x89PNG'
    """

    def __init__(self, room: int = WIDTH, theme: Theme = "light") -> None:
        if not 300 <= room <= 2000:
            raise ValueError(f"a drawing has room for 300 to 2000 CSS pixels, got {room}")
        self.room, self.theme = room, theme
        style.settings(theme)  # refuses a theme that does not exist
        self._stage: _Stage | None = None
        self._background: Any = None

    def png(self, chart: Chart, *words: str) -> bytes:
        """Draw the chart as a PNG, with the first of the `words` above and the others below.

        A chart of the same structure as the one before, within the same limits and with the same
        words, re-draws only what moved. TypeError for anything that is not a chart.
        """
        if not isinstance(chart, Chart):
            raise TypeError(f"a drawing draws a Chart, got {type(chart).__name__}")
        with style.themed(self.theme):
            plan = _Plan(chart, self.room, words)
            if self._stage is None or plan.stays != self._stage.plan.stays:
                self._stage = None  # should anything raise, the next call starts afresh
                stage = _Stage(plan, self.theme)
                self._background = stage.background()
                self._stage = stage
            pixels = self._stage.pixels(self._background, plan)
            looks = dict.fromkeys(look for part in plan.parts for look in part.looks)
        return _encoded(pixels, style.palette(self.theme, looks))


class _Plan:
    """What a chart's picture needs, before anything is drawn; all sizes are CSS pixels.

    As wide as the room, but never so narrow that a table would be cut; as high as the content.
    Pictures whose plans have equal `stays` share everything but words and data.
    """

    def __init__(self, chart: Chart, room: int, words: tuple[str, ...]) -> None:
        if not (count := len(chart.panels)):
            raise ValueError("this result has no figure: its verdict and reading say all")
        tables = [least_width(panel) for panel in chart.panels if isinstance(panel, Cells)]
        between = 2 * EDGE + BETWEEN * (count - 1)
        least = math.ceil(max(tables, default=0) * count + between)
        self.width = room = max(room, least if least <= WIDTH else 0)
        self.each = (room - between) / count
        self.parts = [
            Table(panel, self.each) if isinstance(panel, Cells) else Plot(panel, self.each)
            for panel in chart.panels
        ]
        self.heads = [_Head(part, self.each) for part in self.parts]
        self.title = style.wrapped("".join(words[:1]), room - 2 * EDGE, TITLE)
        self.foot = [line for text in words[1:] for line in style.wrapped(text, room - 2 * EDGE)]
        self.names = max(part.head for part in self.parts)  # of columns
        self.inner = max(max(self.names + part.body, part.least) for part in self.parts)
        self.below = EDGE + ROW * len(self.foot) + 4
        self.above = EDGE + ROW * len(self.title) + max(head.height for head in self.heads)
        self.height = 2 * math.ceil((self.above + self.inner + self.below) / 2)  # whole pixels
        shared = [
            (head.stays, part.stays) for head, part in zip(self.heads, self.parts, strict=True)
        ]
        self.stays = words, self.height, shared


class _Head:
    """The lines above a panel: its title, the name of its y axis, its legend."""

    def __init__(self, part: Table | Plot, width: float) -> None:
        self.title = style.wrapped(part.title, width, bold=True)
        self.name = style.wrapped(part.label, width)
        self.entries = [style.wrapped(name, width - SAMPLE) for name in part.legend]
        self.columns = self._columns(width)
        self.rows = max((sum(map(len, column)) for column in self.split(self.columns)), default=0)
        self.height = (len(self.title) + len(self.name) + self.rows) * ROW + OVER + 4
        self.stays = self.title, self.name, self.entries

    def _columns(self, width: float) -> int:
        """Count how many entries fit beside one another; the columns are aligned."""
        for count in range(len(self.entries), 1, -1):
            texts = [[line for lines in column for line in lines] for column in self.split(count)]
            wide = sum(max(map(text_width, column), default=0.0) for column in texts)
            if wide + count * SAMPLE + (count - 1) * GAP <= width:
                return count
        return 1

    def split(self, count: int) -> list[list[list[str]]]:
        """Part the entries into columns, the first ones the longer."""
        columns = np.array_split(np.arange(len(self.entries)), count)
        return [[self.entries[n] for n in column] for column in columns]


class _Stage:
    """A laid-out Figure without data: axes with their ticks, labels, and legends."""

    def __init__(self, plan: _Plan, theme: Theme) -> None:
        self.plan, self.theme = plan, theme
        self.figure = Figure((plan.width / 96, plan.height / 96), dpi=96 * SCALE)
        self.canvas: Any = FigureCanvasAgg(self.figure)  # its methods have no types
        self.axes: list[Any] = list(self.figure.subplots(1, len(plan.parts), squeeze=False)[0])
        for number, (ax, part) in enumerate(zip(self.axes, plan.parts, strict=True)):
            beside = part.prepare(ax, plan.inner - plan.names)
            self._head(number, part.samples(theme))
            self._place(ax, number, *beside)
        self._lines(plan.title, EDGE, EDGE - 3, TITLE, style.INK[theme])
        self._lines(plan.foot, EDGE, plan.height - plan.below, TEXT, style.SOFT[theme])

    def _place(self, ax: Any, number: int, left: float, right: float, foot: float) -> None:
        """Place axes in their panel, with so many CSS pixels beside and below them for texts.

        matplotlib's own layouts measure texts as they are drawn, which versions of FreeType do
        not agree on.
        """
        plan = self.plan
        start = EDGE + number * (plan.each + BETWEEN) + left
        top = max(plan.names, TOP)  # names of columns; half of the highest tick's text
        size = plan.each - left - right, plan.inner - top - foot
        units = plan.width, plan.height
        box = [v / u for v, u in zip((start, plan.below + foot, *size), units * 2, strict=True)]
        ax.set_position(box)

    def _head(self, number: int, samples: list[Any]) -> None:
        """Add the lines above the axes, from the left end of all that belongs to them."""
        plan, head = self.plan, self.plan.heads[number]
        left, up = EDGE + number * (plan.each + BETWEEN), plan.below + plan.inner + OVER
        down = plan.height - up - ROW * (head.rows + len(head.name) + len(head.title))
        self._lines(head.title, left, down - 4, TEXT, style.INK[self.theme], "bold")
        down += ROW * len(head.title)
        self._lines(head.name, left, down - 4, TEXT, style.SOFT[self.theme])
        down += ROW * len(head.name)
        for texts in head.split(head.columns) if samples else ():
            row = down
            for lines in texts:
                self._sample(samples.pop(0), left, plan.height - row - ROW / 2)
                self._lines(lines, left + SAMPLE, row - 4, TEXT, style.INK[self.theme])
                row += ROW * len(lines)
            left += SAMPLE + GAP + max(text_width(line) for lines in texts for line in lines)

    def _sample(self, sample: Any, left: float, middle: float) -> None:
        """Add the picture of a legend's entry: one artist, or several over one another."""
        box = Affine2D().scale(WIDE, HIGH).translate(left, middle - HIGH / 2).scale(1 / 96)
        for artist in sample if isinstance(sample, tuple) else (sample,):
            artist.set_transform(box + self.figure.dpi_scale_trans)
            self.figure.add_artist(artist)

    def _lines(
        self, lines: list[str], left: float, down: float, size: float, ink: str, weight: str = ""
    ) -> None:
        """Write lines of text below a height in CSS pixels."""
        for number, line in enumerate(lines, 1):
            level = round((down + ROW * number) * SCALE) / SCALE  # no machine rounds a half
            x, y = left / self.plan.width, 1 - level / self.plan.height
            written = self.figure.text(x, y, line, size=size * POINT, color=ink)
            written.set(in_layout=False, weight=weight or "normal")

    def background(self) -> Any:
        """Draw all that stays, and keep its pixels."""
        self.canvas.draw()
        return self.canvas.copy_from_bbox(self.figure.bbox)

    def fill(self, plan: _Plan) -> None:
        """Add what the chart's panels hold."""
        for ax, part in zip(self.axes, plan.parts, strict=True):
            part.draw(ax, self.theme)

    def pixels(self, background: Any, plan: _Plan) -> Any:
        """Draw the data onto the background, and take it off again."""
        self.canvas.restore_region(background)
        kept = {artist for ax in self.axes for artist in ax.get_children()}
        try:
            self.fill(plan)
            for artist in self._added(kept):
                artist.draw(self.canvas.get_renderer())
        finally:
            for artist in self._added(kept):
                artist.remove()
        return np.asarray(self.canvas.buffer_rgba())

    def _added(self, kept: set[Artist]) -> list[Artist]:
        """List what is not among the kept, lowest first."""
        added = [each for ax in self.axes for each in ax.get_children() if each not in kept]
        return sorted(added, key=lambda artist: artist.get_zorder())


def _encoded(pixels: Any, colors: tuple[str, ...]) -> bytes:
    """Write opaque pixels as a PNG with a palette; smoothed edges take the nearest color.

    The file names what drew it: another version may hint and smooth letters otherwise.
    """
    height, width, _ = pixels.shape
    picture = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1)
    flat = picture.convert("RGB").quantize(palette=_palette(colors), dither=Image.Dither.NONE)
    version = f"matplotlib {matplotlib.__version__}, FreeType {ft2font.__freetype_version__}"
    signed = PngInfo()
    signed.add_text("Software", version)
    file = io.BytesIO()
    # 6 takes twice as long for a hundredth less
    flat.save(file, "PNG", compress_level=4, pnginfo=signed)
    return file.getvalue()


@lru_cache(maxsize=16)
def _palette(colors: tuple[str, ...]) -> Image.Image:
    palette = Image.new("P", (1, 1))
    palette.putpalette([round(255 * part) for color in colors for part in to_rgb(color)])
    return palette
