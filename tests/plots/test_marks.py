"""What each mark looks like, read from pixels."""

import math

import numpy as np
import pytest

from tests.plots.charts import POINT, TITLE, bits, chart, drawn, frames, ink, pixels, rgb
from workbook.chart import Axis, Chart, Series
from workbook.conditions import Conditions
from workbook.plots import Drawing, figure, style
from workbook.result import Finding, Result

FIRST = style.NAMED[0].light  # of a series whose name says nothing


def columns_with_ink(some_chart, beyond=0.0):
    """Which pixel columns of the first frame hold ink, left to right."""
    drawing = Drawing()
    png = drawing.png(some_chart, TITLE)
    return ink(png, frames(drawing)[0], beyond=beyond)


def color_share(some_chart, color):
    """How many pixels of the picture have exactly this color."""
    return int((drawn(some_chart)[0] == rgb(color)).all(axis=2).sum())


def test_full_colors_come_through_the_palette_exactly():
    """Bars of the first series hold many pixels of exactly its color."""
    assert color_share(chart(Series("a", (3.0, 6.0), (8.0, 4.0), "bars")), FIRST) > 10_000


def test_a_nan_leaves_a_gap_in_a_line():
    """Between its neighbors there is no ink; in a line without the NaN there is."""
    x = (1.0, 3.0, 5.0, 7.0, 9.0)
    for middle, gap in ((5.0, False), (math.nan, True)):
        columns = columns_with_ink(chart(Series("a", x, (5.0, 5.0, middle, 5.0, 5.0)))).any(axis=0)
        inner = columns[round(len(columns) * 0.35) : round(len(columns) * 0.65)]
        assert (not inner.any()) == gap


@pytest.mark.parametrize("mark", ["line", "points", "steps", "bars"])
def test_an_infinity_is_an_arrow_at_the_edge(mark):
    """An infinity upward puts ink at the frame's top, where otherwise there is none."""

    def at_the_top(value):
        found = columns_with_ink(chart(Series("a", (2.0, 5.0, 8.0), (3.0, value, 3.0), mark)))
        middle = found.shape[1] // 2
        return found[:14, middle - 12 : middle + 12].sum()

    assert at_the_top(3.0) == 0
    assert at_the_top(math.inf) > 20


def test_a_zero_on_a_logarithmic_axis_is_a_hollow_marker_on_the_edge():
    """Its outline stands around the frame's foot, its middle is white."""
    drawing = Drawing()
    y = Axis("error", 1e-6, 1, log=True)
    picture = pixels(drawing.png(chart(Series("a", (5.0,), (0.0,), "points"), y=y), TITLE))
    frame = frames(drawing)[0]
    left, top, width, height = frame
    row, column = round((top + height) * 1.5), round((left + width / 2) * 1.5)
    around = picture[row - 9 : row + 9, column - 9 : column + 9]
    assert (around == rgb(FIRST)).all(axis=2).sum() > 30
    assert (picture[row - 2 : row + 2, column - 2 : column + 2] == 255).all()


def test_bars_stand_on_zero():
    """A positive bar lies above the middle of a symmetric axis, a negative one below it."""
    found = columns_with_ink(
        chart(Series("a", (2.0, 8.0), (5.0, -5.0), "bars"), y=Axis("y", -10, 10))
    )
    rows, columns = found.shape
    left = np.flatnonzero(found[:, columns // 5])
    right = np.flatnonzero(found[: rows - 3, columns * 4 // 5])
    assert abs(left.min() - rows / 4) < 3 and abs(left.max() - rows / 2) < 3
    assert abs(right.min() - rows / 2) < 3 and abs(right.max() - rows * 3 / 4) < 3


def test_bars_of_two_series_stand_side_by_side():
    """Neither hides the other: both full heights are visible."""
    one, two = Series("a", (5.0,), (5.0,), "bars"), Series("b", (5.0,), (9.0,), "bars")
    found = columns_with_ink(chart(one, two))
    heights = {round(len(found) * 0.5), round(len(found) * 0.1)}
    tops = {int(np.argmax(column)) for column in found.T if column.any()}
    assert all(any(abs(top - height) <= 3 for top in tops) for height in heights)


def test_steps_hold_a_value_until_the_next_x():
    """Just left of the second x the line is still at the first y."""
    found = columns_with_ink(chart(Series("a", (1.0, 9.0), (2.0, 8.0), "steps")))
    rows, columns = found.shape
    at = np.flatnonzero(found[:, round(columns * 0.85)])
    assert abs(at.mean() - rows * 0.8) < 3


def test_a_band_fills_between_its_limits_except_at_a_nan():
    """The tint covers a band of the right height, and a NaN parts it in two."""
    x = tuple(float(n) for n in range(11))
    low, high = (2.0,) * 11, (8.0,) * 11
    whole = color_share(
        chart(Series("a", x, low, "band", high)), style.tint(style.NAMED[0], "light")
    )
    parted = (*high[:5], math.nan, *high[6:])
    rest = color_share(
        chart(Series("a", x, low, "band", parted)), style.tint(style.NAMED[0], "light")
    )
    frame = frames(drawn(chart(POINT))[1])[0]
    assert whole / (frame[2] * frame[3] * 1.5**2) == pytest.approx(0.6, abs=0.03)
    assert rest / whole == pytest.approx(0.8, abs=0.03)


def test_a_rule_runs_over_the_whole_panel_and_is_dashed():
    """Its row holds ink from end to end, with gaps."""
    found = columns_with_ink(chart(Series("", (), (5.0,), "rule")))
    row = found[len(found) // 2 - 2 : len(found) // 2 + 2].any(axis=0)
    assert row[:10].any() and row[-10:].any()
    assert 0.4 < row.mean() < 0.8


@pytest.mark.parametrize(("y", "name"), [(5.0, "bound"), (99.0, "bound ↑"), (-9.0, "bound ↓")])
def test_a_rule_beyond_the_limits_says_so(y, name):
    """Its name in the legend has an arrow, and it stands at the edge."""
    finding = Finding("So it is.", "", chart(Series("bound", (), (y,), "rule")))
    page = figure(Result("name", "?", {}, finding, Conditions(), {}))
    assert name in [text.get_text() for text in page.texts]
    assert 0 <= page.axes[0].lines[0].get_ydata()[0] <= 10


def test_cells_that_are_blank_stay_white():
    """A short row has ink only as far as its cells go."""
    drawing = Drawing()
    found = ink(drawing.png(Chart((bits("01" * 16, "0110"),)), TITLE), frames(drawing)[0])
    height = frames(drawing)[0][3] / 2
    second = found[round(height * 1.5) + 8 : round(2 * height * 1.5)].any(axis=0)
    assert second[: len(second) // 8 - 2].mean() > 0.5
    assert not second[len(second) // 8 + 3 :].any()


def test_each_cell_shows_its_own_text():
    """One changed bit changes pixels in its own cell alone."""
    drawing = Drawing()
    one, two = (Chart((bits("01011000" + bit + "0000000"),)) for bit in "01")
    before, after = (pixels(drawing.png(some, TITLE)) for some in (one, two))
    frame = frames(drawing)[0]
    columns = np.nonzero((before != after).any(axis=2))[1] / 1.5
    assert frame[0] + frame[2] * 8 / 16 <= columns.min()
    assert columns.max() <= frame[0] + frame[2] * 9 / 16


def test_sixty_four_bits_keep_their_texts():
    """A flipped bit shows at 680 CSS pixels; on a narrow page the picture is as wide."""
    one, two = (Chart((bits(bit * 64),)) for bit in "01")
    for room in (680, 360):
        before, after = (drawn(some, room=room)[0] for some in (one, two))
        assert (before != after).any()
        assert 450 < before.shape[1] / 1.5 <= 680


def test_cells_too_small_for_any_text_are_all_stripe():
    """Of 200 bits the kinds remain, in their full colors."""
    one, two = (drawn(Chart((bits(bit * 200),)))[0] for bit in "01")
    assert (one == two).all()
    assert color_share(Chart((bits("0" * 200),)), style.NAMED[2].light) > 1000


def test_points_of_two_series_in_one_place_both_show():
    """The one below is larger: much of its color is left around the one above."""
    over = Series("b", (5.0,), (5.0,), "points")
    alone, both = (color_share(chart(*some), FIRST) for some in ((POINT,), (POINT, over)))
    legend = color_share(chart(Series("a", (50.0,), (50.0,), "points")), FIRST)
    assert alone > both > legend
    assert both - legend > 30
