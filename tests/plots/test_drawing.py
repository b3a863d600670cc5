"""The persistent figure, held against a fresh one and against its own pixels."""

import io
import math
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from tests.plots.charts import LONG, POINT, TITLE, bits, chart, drawn, frames, panel, pixels, rgb
from workbook.chart import MARKS, Axis, Cell, Cells, Chart, Series
from workbook.conditions import Conditions
from workbook.plots import WIDTH, Drawing, figure, static, static_size, style
from workbook.result import Finding, Result

X = tuple(float(n) for n in range(1, 10))


def series(mark, *, up=0.0, label="a"):
    """A series of each mark, whose values move with `up`."""
    if mark == "rule":
        return Series(label, (), (5.0 + up,), mark)
    y = tuple(2 + up + n % 3 for n in range(9))
    return Series(label, X, y, mark, tuple(v + 1 for v in y) if mark == "band" else ())


@pytest.mark.parametrize("mark", MARKS)
def test_redrawing_what_moved_gives_the_picture_of_a_fresh_figure(mark):
    """After another chart of the same structure, the file equals that of a new drawing."""
    drawing = Drawing()
    drawing.png(chart(series(mark)), TITLE, "1 ULP")
    again = drawing.png(chart(series(mark, up=1.5)), TITLE, "1 ULP")
    assert again == Drawing().png(chart(series(mark, up=1.5)), TITLE, "1 ULP")


def test_cells_redrawn_equal_those_of_a_fresh_figure():
    """Bits and names of rows may change without a new layout, and nothing of the old remains."""
    first, second = bits("01011000", "1011"), bits("11110000", "0000")
    drawing = Drawing()
    drawing.png(Chart((first,)), TITLE)
    assert drawing.png(Chart((second,)), TITLE) == Drawing().png(Chart((second,)), TITLE)


@pytest.mark.parametrize("mark", ["line", "bars", "steps", "rule", "band"])
def test_a_moved_value_changes_pixels_inside_its_axes_and_none_outside(mark):
    """Two panels, one value of the right one moves: all changed pixels lie in the right frame."""
    still = panel(series("line"))
    drawing = Drawing()
    charts = [Chart((still, panel(series(mark, up=up)))) for up in (0.0, 1.0)]
    before, after = (pixels(drawing.png(one, TITLE)) for one in charts)
    rows, columns = np.nonzero((before != after).any(axis=2))
    left, top, width, height = frames(drawing)[1]
    assert len(rows) > 20
    markers = 5  # a marker's radius, in CSS pixels
    assert columns.min() >= (left - markers) * 1.5
    assert columns.max() <= (left + width + markers) * 1.5
    assert rows.min() >= top * 1.5
    assert rows.max() <= (top + height) * 1.5


def test_the_size_of_a_live_picture_does_not_depend_on_its_values():
    """Limits and ticks change; width and height do not."""
    drawing = Drawing()
    far = chart(POINT, y=Axis("y", 0, 123456789.0))
    one, two = (pixels(drawing.png(some)).shape for some in (chart(POINT), far))
    assert one == two
    assert one[1] == WIDTH * 1.5


def test_words_add_their_lines_and_nothing_else():
    """An explorer's page shows them itself; a title of two lines and a note of one are 3 rows."""
    shapes = [pixels(Drawing().png(chart(POINT), *w)).shape[0] for w in ((), (LONG, "1 ULP"))]
    assert shapes[1] - shapes[0] == pytest.approx(1.5 * 3 * style.ROW, abs=2)


@pytest.mark.parametrize("width", [321, 400, 500, 680, 1000])
def test_nothing_is_cut_off_at_the_border(width):
    """A margin of 3 CSS pixels stays white around long titles, notes, labels and ticks."""
    ticks = tuple((float(n), f"float8_e4m3fn {n}") for n in range(0, 11, 5))
    wordy = panel(
        Series("a series with quite a long name of its own, " * 3, X, X),
        x=Axis(
            "a label that needs more than a line where the figure is narrow " * 2,
            0,
            10,
            ticks=ticks,
        ),
        y=Axis("largest error relative to the product of the absolute values", 0, 1e-12),
        title="A panel's title that says what changed and also what did not",
    )
    cells = bits("01" * 16, "0110")
    pairs = ((wordy, cells), (cells, wordy)) if width >= 500 else ()  # too narrow for two
    for one in (Chart((wordy,)), Chart((cells,)), *map(Chart, pairs)):
        picture, _ = drawn(one, LONG * 2, room=width)
        for edge in (picture[:4], picture[-4:], picture[:, :4], picture[:, -4:]):
            assert (edge == 255).all()


@pytest.mark.parametrize("count", [4, 5, 6, 7])
def test_a_legend_of_several_lines_is_as_wide_as_the_picture_at_most(count):
    """Entries of unlike lengths, the long ones last: each ends before the right margin."""
    many = [series("line", up=n, label=f"series {n} " + "long" * n) for n in range(count)]
    some = figure(result(chart(*many)))
    texts = [text for text in some.texts if "long" in text.get_text()]
    assert texts
    assert max(text.get_window_extent().x1 for text in texts) <= some.bbox.x1 - 4


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_background_is_opaque_and_the_themes_own(theme):
    """The corner has the color of the page, and the file has no transparency."""
    png = Drawing(theme=theme).png(chart(POINT), TITLE)
    assert tuple(pixels(png)[0, 0]) == rgb(style.PAPER[theme])
    assert b"tRNS" not in png


def test_a_theme_changes_colors_and_moves_nothing():
    """Where the light picture has ink, the dark one has, too."""
    light, dark = (drawn(chart(POINT, series("line")), theme=theme)[0] for theme in style.PAPER)
    inked = [
        (picture != rgb(style.PAPER[theme])).any(axis=2)
        for picture, theme in ((light, "light"), (dark, "dark"))
    ]
    assert (inked[0] != inked[1]).mean() < 0.002
    assert (light != dark).any(axis=2).all()


def test_a_theme_that_does_not_exist_is_refused():
    """The message names those that do."""
    with pytest.raises(ValueError, match="a theme is light or dark, got 'blue'"):
        Drawing(theme="blue")


def settings_now():
    """All of matplotlib's settings but the backend, which looking at would choose."""
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


def test_the_readers_own_settings_do_not_show_and_do_not_change():
    """The same file under quite another matplotlib style, which is left as it was."""
    plain = Drawing().png(chart(series("line"), series("bars", label="b")), TITLE)
    own = {
        "text.color": "red",
        "font.family": "serif",
        "figure.facecolor": "black",
        "lines.linewidth": 9,
        "path.sketch": (1, 10, 1),
        "text.hinting": "none",
        "figure.autolayout": True,
        "hatch.linewidth": 5,
        "lines.scale_dashes": False,
        "lines.solid_capstyle": "round",
        "patch.antialiased": False,
        "lines.marker": "x",
        "lines.dash_capstyle": "round",
        "lines.antialiased": False,
        "savefig.dpi": 10,
    }
    with matplotlib.rc_context(own):
        before = settings_now()
        themed = Drawing().png(chart(series("line"), series("bars", label="b")), TITLE)
        assert settings_now() == before
    assert themed == plain


def test_neither_pyplot_nor_torch_is_imported():
    """A fresh interpreter that draws has no pyplot afterwards (it chose no backend), nor torch."""
    code = (
        "import sys; from workbook.chart import *; from workbook.plots import *;"
        "p = Panel(Axis('x'), Axis('y'), (Series('a', (1., 2.), (3., 4.)),));"
        "Drawing().png(Chart((p,)), 'title');"
        "sys.exit(bool({'matplotlib.pyplot', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("mark", MARKS)
def test_an_update_is_at_most_24_kilobytes(mark):
    """Four series of one mark under a title of two lines."""
    many = [series(mark, up=n, label=f"series {n}") for n in range(4)]
    assert len(Drawing().png(chart(*many), LONG, "digits " * 9)) <= 24_000


def test_an_error_leaves_a_drawing_that_still_draws():
    """After a chart that cannot be drawn the next picture equals that of a fresh figure."""
    drawing = Drawing()
    drawing.png(chart(POINT), TITLE)
    series = Series("a", 1, 1)
    object.__setattr__(series, "x", ("no number",))  # past the check that numbers are numbers
    broken = chart(series, title="broken")
    with pytest.raises((TypeError, ValueError)):
        drawing.png(broken, TITLE)
    assert drawing.png(chart(POINT), TITLE) == Drawing().png(chart(POINT), TITLE)


def test_a_room_in_which_nobody_can_read_is_refused():
    """The message states the rule and what came."""
    with pytest.raises(ValueError, match=r"300 to 2000 CSS pixels, got 100"):
        Drawing(room=100)


def test_only_a_chart_is_drawn():
    """A panel alone is refused by name."""
    with pytest.raises(TypeError, match="draws a Chart, got Panel"):
        Drawing().png(panel(POINT), TITLE)


NUMBERS = st.floats(width=64) | st.sampled_from([0.0, -0.0, 5e-324, 1.7e308, math.inf, math.nan])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(NUMBERS, max_size=6),
    st.lists(NUMBERS, min_size=6, max_size=6),
    st.sampled_from(MARKS),
    st.booleans(),
    st.booleans(),
)
def test_any_numbers_at_all_can_be_drawn(x, y, mark, x_log, y_log):
    """Infinities, NaN, subnormals, the largest float, no points: there is always a picture."""
    y = y[: 1 if mark == "rule" else len(x)]
    upper = tuple(y) if mark == "band" else ()
    one = Series("a", tuple(x), tuple(y), mark, upper)
    x_axis = Axis("x", log=x_log and mark != "bars")
    some = chart(one, x=x_axis, y=Axis("y", log=y_log))
    with np.errstate(all="raise", under="ignore"):
        assert Drawing().png(some, TITLE).startswith(b"\x89PNG")


def test_a_result_without_a_chart_has_no_figure():
    """Whoever asks for its picture hears where to look instead."""
    with pytest.raises(ValueError, match="its verdict and reading say all"):
        Drawing().png(Chart())


def test_charts_without_anything_in_them_are_drawn():
    """No series, no rows, no columns."""
    no_rows, no_columns = Cells.of({}), Cells(("a",), (), ((),), ((),))
    for one in (chart(), Chart((no_rows,)), Chart((no_columns,))):
        assert Drawing().png(one, "").startswith(b"\x89PNG")


LIMITED = st.floats(-1e9, 1e9) | st.sampled_from([0.0, math.inf, -math.inf, math.nan])


@st.composite
def charts(draw):
    """Charts of one or two panels with any series, axes and cells."""
    panels = []
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.booleans()):
            rows = draw(st.lists(st.text("01", min_size=1, max_size=12), min_size=1, max_size=3))
            panels.append(bits(*rows))
            continue
        mark = draw(st.sampled_from(MARKS))
        y = tuple(draw(st.lists(LIMITED, min_size=3, max_size=3)))[: 1 if mark == "rule" else 3]
        log = draw(st.booleans())
        axis = draw(st.sampled_from([Axis("y", log=log), Axis("y", 1e-3, 10, log=log)]))
        one = Series("a", X[: len(y)], y, mark, y if mark == "band" else ())
        panels.append(panel(one, series("line", label="b"), y=axis))
    return Chart(tuple(panels))


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(charts(), st.sampled_from(["", TITLE, LONG])), min_size=2, max_size=2))
def test_a_picture_has_no_history(shown):
    """After any other charts, the file is that of a new drawing, byte for byte."""
    drawing = Drawing()
    for some, title in shown[:-1]:
        drawing.png(some, title, "before")
    last, title = shown[-1]
    for _ in range(2):
        assert drawing.png(last, title, "digits") == Drawing().png(last, title, "digits")


def result(some_chart):
    """A result that shows this chart."""
    return Result(
        "name", "A question?", {}, Finding("So it is.", "1 ULP", some_chart), Conditions(), {}
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_itself_holds_the_data_and_saves_as_svg(theme, tmp_path):
    """The line's own numbers, in data coordinates; words and legend stand in the file."""
    some = figure(result(chart(series("line", label="float32"))), theme)
    line = max(some.axes[0].lines, key=lambda each: len(each.get_xdata()))
    assert line.get_xdata().tolist() == list(X)
    assert line.get_ydata().tolist() == list(series("line").y)
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        some.savefig(tmp_path / "some.svg")
    written = (tmp_path / "some.svg").read_text()
    assert all(words in written for words in ("So it is.", "1 ULP", "float32"))
    assert style.PAPER[theme].lower() in written


def test_the_figure_itself_looks_like_the_png():
    """Saved at the same resolution, nearly every pixel has the same color."""
    some = Chart((panel(series("bars"), series("rule", label="bound")), bits("0101", "11")))
    saved = io.BytesIO()
    figure(result(some)).savefig(saved, dpi=144)
    whole, blitted = pixels(saved.getvalue()), pixels(static(result(some)))
    assert (np.abs(whole - blitted).max(axis=2) < 80).mean() > 0.99


def rows_of(rows: int, name: str, *columns: str) -> Chart:
    """A table of so many rows, with these texts in each."""
    cells = [Cell(text) for text in columns]
    return Chart((Cells.of({f"{name} {n}": cells for n in range(rows)}),))


@pytest.mark.parametrize("rows", [3, 15])
def test_a_picture_has_the_size_that_is_told(rows):
    """The notebook's metadata say what the PNG has, so that no browser squeezes it."""
    made = result(rows_of(rows, "row", "yes", "no"))
    size = static_size(made)
    assert pixels(static(made)).shape[:2] == (round(size["height"] * 1.5), size["width"] * 1.5)
    assert size["height"] > 20 * rows


def test_a_table_is_never_too_narrow_for_its_texts() -> None:
    """Where a page is narrower than the words in cells, the picture is wider; nothing is cut."""
    table = rows_of(4, "a name", *["unbreakable", "indivisible"] * 3)
    made = Result("table", "?", {}, Finding("Yes.", "", table), Conditions(), {})
    page = figure(made, room=340)
    assert 340 < page.get_size_inches()[0] * 96 < WIDTH
    texts = [text.get_text() for text in page.findobj(Text)]
    assert "a name 0" in texts
    assert not any("…" in text for text in texts)
