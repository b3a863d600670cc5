"""A persistent figure that draws one chart after another into PNGs of one size.

Owns the figure, its cached background and the order of drawing. Knows nothing of what is measured.
What stays while a slider moves (ticks, grid, labels, legend) is drawn once and kept as pixels; what
moves (marks, cells, title, note) is drawn onto a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox

from workbook.chart import Cells, Chart, Panel
from workbook.plots import cells, encoding, furniture, layout, marks, style

# The few settings that matplotlib reads while it draws, so that a reader's own do not leak in.
PRIVATE: dict[str, Any] = {
    "text.usetex": False, "text.hinting": "force_autohint", "text.hinting_factor": 8,
    "text.antialiased": True, "text.parse_math": False, "path.simplify": True, "path.sketch": None,
    "path.effects": [], "hatch.linewidth": 0.8, "lines.scale_dashes": True, "path.snap": True,
    "agg.path.chunksize": 0, "patch.antialiased": True, "lines.antialiased": True,
}


class Drawing:
    """A figure of `width` by `height` CSS pixels that is laid out once and then kept.

    `scale` is the number of device pixels to a CSS pixel in the PNG. ValueError for a size at which
    nothing could be read.

    >>> from workbook.chart import Axis, Chart, Panel, Series
    >>> line = Series("float32", (1.0, 2.0), (3.0, 4.0))
    >>> picture = Drawing().png(Chart((Panel(Axis("size"), Axis("error"), (line,)),)), "It grows.")
    >>> picture[:4]
    b'\\x89PNG'
    """

    def __init__(self, width: int = 680, height: int = 340, *, scale: float = 2.0) -> None:
        if not (300 <= width <= 2000 and 200 <= height <= 2000):
            raise ValueError(f"a drawing is 300 to 2000 wide and 200 to 2000 high, "
                             f"got {width} by {height}")
        if not 1 <= scale <= 3:
            raise ValueError(f"scale is from 1 to 3 device pixels to a CSS pixel, got {scale}")
        self.width, self.height, self.scale = width, height, scale
        with matplotlib.rc_context(PRIVATE):
            figure = Figure(figsize=(width / 96, height / 96), dpi=96 * scale,
                            facecolor=style.PAPER, edgecolor=style.PAPER)
        self._canvas = FigureCanvasAgg(figure)
        self._pixels = Affine2D().scale(scale, -scale).translate(0, height * scale)
        self._structure: object = None
        self._background: Any = None
        self._margins = layout.Margins()
        self._places: list[layout.Place] = []

    def png(self, chart: Chart, title: str, note: str = "") -> bytes:
        """The chart as a PNG, `title` (the verdict) above it and `note` (the digits) below.

        A chart of the same structure as the one before, within the same limits, re-draws only what
        moved. TypeError for anything that is not a chart.
        """
        if not isinstance(chart, Chart):
            raise TypeError(f"a drawing draws a Chart, got {type(chart).__name__}")
        with matplotlib.rc_context(PRIVATE):
            if _structure(chart) != self._structure:
                self._draw_background(chart)
            self._canvas.restore_region(self._background)
            self._draw_changing(chart, title, note)
        return encoding.png(np.asarray(self._canvas.buffer_rgba()))

    @property
    def frames(self) -> tuple[marks.Frame, ...]:
        """The data area of each panel as last drawn, in CSS pixels from the left upper corner."""
        return tuple(place.frame for place in self._places)

    def _draw_background(self, chart: Chart) -> None:
        self._structure = None  # should anything raise, the next call starts afresh
        self._places = self._margins.place(chart.panels, self.width, self.height)
        self._canvas.draw()
        for panel, place in zip(chart.panels, self._places, strict=True):
            self._draw(furniture.of_panel(panel, place, self.width))
        self._background = self._canvas.copy_from_bbox(self._canvas.figure.bbox)
        self._structure = _structure(chart)

    def _draw_changing(self, chart: Chart, title: str, note: str) -> None:
        for panel, place in zip(chart.panels, self._places, strict=True):
            if isinstance(panel, Cells):
                self._draw(cells.marks(panel, place.frame))
            elif place.scales:
                drawn = marks.marks(panel, place.scales, place.frame)
                self._draw(drawn.inside, within=place.frame)
                self._draw(drawn.over)
        self._draw(furniture.title_and_note(title, note, self.width, self.height))

    def _draw(self, artists: Iterable[Artist], within: marks.Frame | None = None) -> None:
        renderer = self._canvas.get_renderer()
        for artist in artists:
            artist.set_figure(self._canvas.figure)
            artist.set_transform(self._pixels)
            if within is not None:
                box = Bbox.from_bounds(within.left, within.top, within.width, within.height)
                artist.set_clip_box(TransformedBbox(box, self._pixels))
            artist.draw(renderer)


def _structure(chart: Chart) -> object:
    """Everything that the background shows: charts with equal structures share it."""
    return tuple(_of_cells(panel) if isinstance(panel, Cells) else _of_panel(panel)
                 for panel in chart.panels)


def _of_panel(panel: Panel) -> object:
    names = tuple((one.label, one.mark) for one in panel.series)
    return panel.title, panel.x, panel.y, layout.panel_scales(panel), names


def _of_cells(panel: Cells) -> object:
    widest = max((style.text_width(name, style.SMALL) for name in panel.rows), default=0.0)
    return panel.title, len(panel.rows), panel.columns, panel.kinds, widest // 8
