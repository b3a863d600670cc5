"""The alt text and the table, for those who do not see the picture."""

from html.parser import HTMLParser

from tests.plots.charts import LONG, POINT, TITLE, bits, chart, panel
from workbook.chart import Axis, Chart, Series, rows
from workbook.plots import alt, table_html


def test_the_alt_text_states_the_result_first():
    """Then the digits, then what is plotted on which axes."""
    errors = Series("float32", (1.0, 2.0), (3.0, 4.0))
    text = alt(chart(errors, y=Axis("error", 1e-6, 1, log=True)), "They differ", "by 3 ULPs")
    assert text == (
        "They differ. by 3 ULPs. error (logarithmic) from 10⁻⁶ to 1 against x from 0 to 10: "
        "float32 (line)."
    )


def test_the_alt_text_of_categories_names_them():
    """Names stand for the numbers behind them; an axis without texts has no range."""
    named = Axis("", 0, 1, ticks=((0.0, "CPU"), (1.0, "GPU")))
    hidden = Axis("here", 0, 1, ticks=((9.0, ""),))
    text = alt(chart(POINT, x=named, y=hidden), "Same.")
    assert text == "Same. here against values from CPU to GPU: a (points)."


def test_the_alt_text_tells_left_from_right_and_names_rows():
    """Two panels, one of them cells."""
    text = alt(Chart((bits("01", "1"), panel(POINT))), TITLE)
    assert "Left: 2 rows of cells (sign, exponent, fraction): row 0, row 1." in text
    assert "Right: y from 0 to 10 against x from 0 to 10: a (points)." in text


def test_the_alt_text_is_under_400_characters():
    """However long the words are; what is cut ends in an ellipsis."""
    many = [Series(f"series number {n}", (1.0,), (1.0,)) for n in range(40)]
    text = alt(chart(*many), LONG, LONG)
    assert text.startswith(LONG) and text.endswith("…")
    assert len(text) < 400
    assert len(alt(chart(), "x" * 900)) < 400


class Reader(HTMLParser):
    """Collects what a table holds, and that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.scopes, self.text = [], [], [], ""

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.scopes += [value for name, value in attributes if name == "scope"]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def read(html):
    """A table's reader after reading."""
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def test_the_table_holds_the_rows_of_the_chart():
    """Headings with a scope, then every point; what looks like markup is text."""
    some = chart(Series("a < b & c", (1.0, 2.0), (0.1, float("nan"))), title="<script>")
    table = read(table_html(some, "caption"))
    names, lines = rows(some)
    assert table.cells == [*names, *(cell for line in lines for cell in line)]
    assert table.scopes == ["col"] * len(names) + ["row"] * len(lines)
    assert table.text.startswith("caption")


def test_a_long_table_says_how_many_rows_are_missing():
    """400 rows are shown and the rest is counted."""
    points = tuple(float(n) for n in range(1000))
    table = read(table_html(chart(Series("a", points, points))))
    assert table.scopes.count("row") == 400
    assert "600 more rows are not shown" in table.text
