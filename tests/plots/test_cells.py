"""Tables of cells: widths of columns, names, and how much of the figure a table fills."""

import numpy as np
import pytest

from tests.plots.charts import drawn, frames
from workbook.chart import Cell, Cells, Chart
from workbook.conditions import Conditions
from workbook.plots import WIDTH, figure
from workbook.plots.cells import Table
from workbook.plots.style import SMALLEST
from workbook.result import Finding, Result


def table(columns, *, rows=6):
    """A table whose columns say these words in every row."""
    names = [f"row {n}" for n in range(rows)]
    row = {column: Cell(text) for column, text in columns.items()}
    return Cells.of(dict.fromkeys(names, row))


def axes_of(cells):
    """The Axes that hold a table."""
    finding = Finding("So it is.", "", Chart((cells,)))
    return figure(Result("name", "A question?", {}, finding, Conditions(), {})).axes[0]


def names_of(ax):
    """What the columns are called in the figure, and how wide each name is in CSS pixels."""
    names: dict = {}
    for text in heads(ax):
        names.setdefault(text.get_position()[0], []).append(text)
    widths = [text.get_window_extent().width / ax.figure.dpi * 96 for text in heads(ax)]
    return [[text.get_text() for text in texts] for texts in names.values()], widths


def heads(ax):
    """The lines that stand over the columns."""
    return [text for text in ax.texts if text.get_position()[1] == 1]


def widths(**columns):
    """How wide the columns of such a table are, in a width of 660."""
    return np.diff(Table(table(columns), 660).across)


def test_columns_are_equal_where_every_text_fits():
    """Two short texts of different length."""
    assert np.ptp(widths(a="right", b="wrong, no error")) < 1e-9


def test_a_column_with_a_long_text_is_wider_where_equal_ones_are_too_narrow():
    """One text of 40 characters beside seven of one: it gets more than twice their width."""
    found = widths(long="forty characters, as many as stand here.", **dict.fromkeys("abcdefg", "1"))
    assert found[0] > 2 * found[1:].max()


def test_many_columns_are_all_equal():
    """The bits of a number, some of them longer texts: places stay comparable."""
    assert np.ptp(widths(**{str(n): "0" * (1 + n % 2) for n in range(16)})) < 1e-9


def test_a_text_too_long_for_its_column_is_broken_into_lines_and_its_row_is_higher():
    """No word is lost, and the texts keep a size that can be read."""
    words = "one of the words that this cell holds, and there are many of them, far too many"
    made = Table(table({"a": words, "b": "short", "c": words}), 400)
    assert " ".join(made.texts[0][0]) == words and len(made.texts[0][0]) > 2
    assert made.size >= SMALLEST
    assert np.diff(made.down)[0] > 2 * np.diff(Table(table({"a": "short"}), 400).down)[0]


def test_the_name_of_a_column_is_whole_on_two_lines():
    """Three long names with a dot, each too long for its column on one line: nothing is cut."""
    names = [f"torch.backends.cudnn.{end}" for end in ("deterministic", "benchmark", "allow_tf32")]
    ax = axes_of(table(dict.fromkeys(names, "as it comes"), rows=3))
    shown, widths = names_of(ax)
    assert ["".join(lines) for lines in shown] == names
    assert max(map(len, shown)) == 2
    assert max(widths) <= ax.bbox.width / ax.figure.dpi * 96 / 3


def test_names_on_two_lines_stay_clear_of_the_legend():
    """The legend ends above the highest name."""
    name = "torch.backends.cudnn.deterministic"
    cells = Cells.of(
        {"row": dict.fromkeys((name, *"abcd"), Cell("1", "agrees"))}, {"agrees": "yes"}
    )
    ax = axes_of(cells)
    highest = max(text.get_window_extent().y1 for text in heads(ax))
    (yes,) = (text for text in ax.figure.texts if text.get_text() == "yes")
    assert highest <= yes.get_window_extent().y0


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_table_of_few_rows_is_no_larger_than_it_needs(rows):
    """The cells cover at least a third of the picture, and nothing below them is empty."""
    picture, drawing = drawn(Chart((table({"a": "right"}, rows=rows),)), "")
    _, top, width, height = frames(drawing)[0]
    assert width > 0.8 * WIDTH
    inked = np.nonzero((picture[round(top * 1.5) :, WIDTH] != 255).any(axis=1))[0]
    assert np.ptp(inked) / 1.5 > 0.9 * height - 10
    assert width * height > 0.33 * picture.shape[0] * picture.shape[1] / 1.5**2
