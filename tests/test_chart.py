"""Charts as plain data: what they refuse, their table, and their way through JSON."""

import json
import math

import pytest

from workbook.chart import Axis, Cells, Chart, Panel, Series, rows

LINE = Series("a", (1.0, 2.0), (0.5, math.nan))
RULE = Series("bound", (), (math.inf,), "rule")
BAND = Series("between", (1.0,), (2.0,), "band", (3.0,))
CELLS = Cells(("r",), ("c", "d"), ((0, -1),), (("1", ""),), ("plain",), "Bits")
BOTH = Chart((Panel(Axis("x", 0, 9), Axis("y", log=True), (LINE, RULE, BAND)), CELLS))


def test_a_chart_survives_json():
    """Text and back gives an equal chart, NaN and infinity included."""
    text = json.dumps(BOTH.to_json(), allow_nan=False)
    assert repr(Chart.from_json(json.loads(text))) == repr(BOTH)


def test_the_table_has_a_row_for_every_point_and_cell():
    """Blank cells have none; a rule holds everywhere; a band is written with both ends."""
    names, lines = rows(BOTH)
    assert names == ("panel", "series", "x", "y")
    assert lines == [
        ("panel 1", "a", "1.0", "0.5"),
        ("panel 1", "a", "2.0", "nan"),
        ("panel 1", "bound", "everywhere", "inf"),
        ("panel 1", "between", "1.0", "2.0 to 3.0"),
        ("Bits", "r", "c", "1"),
    ]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (lambda: Axis("x", 0, 1, log=True), "starts above 0, got 0"),
        (lambda: Axis("x", 2, 1), "from low to high, got 2 to 1"),
        (lambda: Series("a", (1.0,), ()), "equal lengths, got 1 and 0"),
        (lambda: Series("a", (), (1.0,), "pie"), "a mark is one of line, .* got 'pie'"),
        (lambda: Series("a", (), (1.0, 2.0), "rule"), "a rule has one y, got 2"),
        (lambda: Series("a", (1.0,), (1.0,), "band"), "as many upper as y, got 0"),
        (lambda: Cells(("r",), ("c",), (), ()), "shades has one row per label, got 0"),
        (lambda: Cells(("r",), ("c",), ((0,),), ((),)), "text has one cell per column, got 0"),
        (lambda: Chart(()), "1 or 2 panels, got 0"),
        (lambda: Chart.from_json({"panels": [{}]}), "not a chart"),
    ],
)
def test_data_that_cannot_be_shown_is_refused(wrong, rule):
    """The message states the rule and what came."""
    with pytest.raises(ValueError, match=rule):
        wrong()
