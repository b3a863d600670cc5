"""Every figure of every chapter, as a wide and as a narrow page shows it."""

from itertools import combinations
from pathlib import Path

import nbformat
import pytest
from matplotlib.text import Text

from workbook.chart import Cells
from workbook.plots import WIDTH, figure, style
from workbook.plots.cells import FEW, Table, least_width
from workbook.result import KEPT, Result

pytestmark = pytest.mark.uncounted  # other tests draw each kind of mark once
PAGES = sorted(Path(__file__).parents[2].glob("notebooks/*.ipynb"))
NARROW = 400
PIXEL = 1.5  # device pixels to a CSS pixel


def results(path):
    """The results whose figures a notebook holds."""
    outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
    shown = [out.metadata[KEPT] for out in outputs if "image/png" in out.get("data", {})]
    return [Result.from_kept(kept) for kept in shown]


def texts_of(page):
    """The texts that a figure shows, with their boxes in device pixels."""
    texts = [text for text in page.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent()) for text in texts]


def overlap(one, other):
    """Whether two boxes share more than a hair."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    return across > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1


@pytest.mark.parametrize("room", [WIDTH, NARROW])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_figure_is_legible_whole_and_full(path, room):
    """No text under 10 pixels or beyond the border, no tick over the next, no empty half."""
    for result in results(path):
        page = figure(result, room=room)
        page.draw_without_rendering()  # places the ticks
        name, (width, height) = result.experiment, page.get_size_inches() * 96 * PIXEL
        assert width <= max(room, WIDTH) * PIXEL + 1
        for text, box in texts_of(page):
            assert text.get_fontsize() / style.POINT >= 10, (name, text)
            assert box.x0 >= -1 and box.x1 <= width + 1, (name, text)
            assert box.y0 >= -1 and box.y1 <= height + 1, (name, text)
        lines = {round(box.y0): box.height for text, box in texts_of(page) if text in page.texts}
        words = sum(lines.values())
        covered = 0.0
        for ax in page.axes:
            level = [(text, box) for text, box in texts_of(ax) if not text.get_rotation()]
            for (one, left), (other, right) in combinations(level, 2):
                assert not overlap(left, right), (name, one, other)
            box = ax.get_tightbbox(for_layout_only=True)
            covered += box.width * box.height
        assert covered >= 0.5 * width * (height - words), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_table_of_few_columns_shows_its_texts(path):
    """In the narrowest page that they allow, they have at least 10 pixels, and none is left out."""
    tables = [
        panel
        for result in results(path)
        for panel in result.finding.chart.panels
        if isinstance(panel, Cells) and len(panel.columns) <= FEW
    ]
    for table in tables:
        made = Table(table, max(NARROW, least_width(table)))
        assert made.size >= 10, table
        written = [" ".join(lines) for line in made.texts for lines in line]
        shown = [text for line in table.text for text in line]
        assert [text.replace(" ", "") for text in written] == [t.replace(" ", "") for t in shown]
