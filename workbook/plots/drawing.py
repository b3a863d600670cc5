"""A persistent figure that draws one chart after another into PNGs of one size.

Owns the figure, its kept pixels and the order of drawing. Knows nothing of what is measured. What
stays while a slider moves (ticks, grid, labels, legend) is drawn once and kept as pixels, and so
are the title and the names of rows until they change; the rest is drawn onto a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox

from workbook.chart import Cells, Chart, Panel
from workbook.plots import cells, encoding, layout, style
from workbook.plots.marks import Marks, rule_name
from workbook.plots.scales import panel_scales
from workbook.plots.shapes import Frame

WIDTH, HEIGHT = 680, 340
SCALE = 1.5  # coarser, hinting makes texts wider than they were measured
# The settings that matplotlib reads while it draws: a reader's own do not show here.
PRIVATE: Any = {
    **dict.fromkeys(("lines.antialiased", "lines.scale_dashes", "patch.antialiased"), True),
    **dict.fromkeys(("path.simplify", "path.snap", "text.antialiased"), True),
    **{"text.usetex": False, "text.hinting": "force_autohint", "hatch.linewidth": 1.0},
    **{"path.effects": [], "path.sketch": None, "path.simplify_threshold": 1 / 9},
    **{"agg.path.chunksize": 0},
}


class Drawing:
    """A figure of `width` by `height` CSS pixels, with `SCALE` device pixels to each.

    ValueError for a size at which nothing could be read.

    >>> from workbook.chart import Axis, Chart, Panel, Series
    >>> line = Series("float32", (1.0, 2.0), (3.0, 4.0))
    >>> picture = Drawing().png(Chart((Panel(Axis("size"), Axis("error"), (line,)),)), "It grows.")
    >>> picture[:4]
    b'\\x89PNG'
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        if not (300 <= width <= 2000 and 240 <= height <= 2000):
            raise ValueError(
                f"a drawing is 300 to 2000 wide and 240 to 2000 high, got {width} by {height}"
            )
        self.width, self.height = width, height
        with rc_context(PRIVATE):
            dpi = 96 * SCALE
            size = round(width * SCALE) / dpi, round(height * SCALE) / dpi
            figure = Figure(size, dpi, facecolor=style.PAPER, linewidth=0, frameon=True)
            figure.set_layout_engine("none")
        self._canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
        self._to_device = Affine2D().scale(SCALE, -SCALE).translate(0, round(height * SCALE))
        self._margins = layout.Margins()
        self._places: list[layout.Place] = []
        self._structure: object = None
        self._texts: object = None
        self._around: Any = None  # kept pixels: the surroundings, and those with texts
        self._background: Any = None

    def png(self, chart: Chart, title: str, note: str = "") -> bytes:
        """The chart as a PNG, `title` (the verdict) above it and `note` (the digits) below.

        A chart of the same structure as the one before, within the same limits, re-draws only what
        moved. TypeError for anything that is not a chart.
        """
        if not isinstance(chart, Chart):
            raise TypeError(f"a drawing draws a Chart, got {type(chart).__name__}")
        with rc_context(PRIVATE):
            self._draw_background(chart, title)
            self._canvas.restore_region(self._background)
            for panel, place in zip(chart.panels, self._places, strict=True):
                self._draw_data(panel, place)
            self._draw(layout.of_note(note, self.width, self.height))
            return encoding.png(self._pixels())

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The data area of each panel as last drawn, in CSS pixels from the left upper corner."""
        return tuple(place.frame for place in self._places)

    def _draw_background(self, chart: Chart, title: str) -> None:
        structure = _structure(chart)
        texts = title, *(panel.rows for panel in chart.panels if isinstance(panel, Cells))
        if (structure, texts) == (self._structure, self._texts):
            return
        if structure != self._structure:
            self._structure = None  # should anything raise, the next call starts afresh
            self._places = self._margins.places(chart.panels, self.width, self.height)
            self._canvas.draw()  # an empty figure: white
            for place in self._places:
                self._draw(place.around)
            self._around = self._copy()
        self._canvas.restore_region(self._around)
        self._draw(layout.of_title(title, self.width))
        for panel, place in zip(chart.panels, self._places, strict=True):
            self._draw(cells.row_labels(panel, place.frame) if isinstance(panel, Cells) else ())
        self._background = self._copy()
        self._structure, self._texts = structure, texts

    def _copy(self) -> object:
        return self._canvas.copy_from_bbox(self._canvas.figure.bbox)

    def _draw_data(self, panel: Panel | Cells, place: layout.Place) -> None:
        if isinstance(panel, Cells):
            self._draw(cells.marks(panel, place.frame))
        elif place.scales:
            drawn = Marks(panel, place.scales, place.frame)
            self._draw(drawn.inside, within=place.frame)
            self._draw(drawn.over)
            for text, y in drawn.names:
                self._draw([rule_name(text, y, place.frame, self._pixels(), SCALE)])

    def _pixels(self) -> encoding.Bytes:
        return np.asarray(self._canvas.buffer_rgba())

    def _draw(self, artists: Iterable[Artist], within: Frame | None = None) -> None:
        renderer = self._canvas.get_renderer()
        for artist in artists:
            artist.set_figure(self._canvas.figure)
            artist.set_transform(self._to_device)
            if within is not None:
                box = Bbox.from_bounds(within.left, within.top, within.width, within.height)
                artist.set_clip_box(TransformedBbox(box, self._to_device))
            artist.draw(renderer)


def _structure(chart: Chart) -> object:
    """Everything that the surroundings show: charts with equal structures share them."""
    return tuple(
        _of_cells(panel) if isinstance(panel, Cells) else _of_panel(panel) for panel in chart.panels
    )


def _of_panel(panel: Panel) -> object:
    names = tuple((one.label, one.mark) for one in panel.series)
    return panel.title, panel.x, panel.y, panel_scales(panel), names


def _of_cells(panel: Cells) -> object:
    widest = max((style.text_width(name, style.TEXT) for name in panel.rows), default=0.0)
    return panel.title, len(panel.rows), panel.columns, panel.legend, widest // 8
