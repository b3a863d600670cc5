"""Charts as plain data: what they refuse, their table, and their way through JSON."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from workbook.chart import KINDS, Axis, Cell, Cells, Chart, Panel, Series, reach, rows

LINE = Series("a", (1.0, 2.0), (0.5, math.nan))
RULE = Series("bound", (), (math.inf,), "rule")
BAND = Series("between", (1.0,), (2.0,), "band", (3.0,))
CELLS = Cells.of(
    {"r": {"c": Cell("1")}, "s": {"c": Cell("2", "wrong"), "d": Cell("3")}},
    {"wrong": "off"},
    "Bits",
)
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
        ("Bits", "s", "c", "2"),
        ("Bits", "s", "d", "3"),
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
        (lambda: Series("a", ((1.0,),), ()), "not 'tuple'"),
        (lambda: Cells(("r",), ("c",), (), ()), "kinds has one row per label, got 0"),
        (
            lambda: Cells(("r",), ("c",), (("plain",),), ((),)),
            "text has one cell per column, got 0",
        ),
        (
            lambda: Cells.of({"r": [Cell("1", "blue")]}),
            r"a kind is one of plain, .* got \['blue'\]",
        ),
        (lambda: Cells.of({}, {"blue": "sky"}), r"a kind is one of plain, .* got \['blue'\]"),
        (lambda: Cells.of({"r": [Cell("1", "wrong")]}, {"agrees": "right"}), r"lacks \['wrong'\]"),
        (lambda: Chart((Cells.of({}),) * 3), "at most 2 panels, got 3"),
        (lambda: Chart.from_json({"panels": [{}]}), "not a chart"),
    ],
)
def test_data_that_cannot_be_shown_is_refused(wrong, rule):
    """The message states the rule and what came."""
    with pytest.raises((TypeError, ValueError), match=rule):
        wrong()


def test_cells_come_from_one_mapping():
    """Columns stand in the order in which the rows bring them; what a row lacks is blank."""
    grid = Cells.of({"x": {"b": Cell("1", "agrees")}, "y": {"a": Cell("2"), "b": Cell("3")}})
    assert (grid.rows, grid.columns) == (("x", "y"), ("b", "a"))
    assert grid.text == (("1", ""), ("3", "2"))
    assert grid.kinds == (("agrees", "blank"), ("plain", "plain"))


def test_a_row_of_cells_needs_no_columns():
    """Rows that are sequences have places without names, and may be of unequal length."""
    grid = Cells.of({"x": [Cell("1"), Cell("2")], "y": [Cell("3")]})
    assert grid.columns == ("", "")
    assert grid.text == (("1", "2"), ("3", ""))


@pytest.mark.parametrize(
    "numbers",
    [
        [1, 2.5],
        (n for n in (1, 2.5)),
        torch.tensor([1, 2.5], dtype=torch.float16),
        torch.tensor([1, 2.5], requires_grad=True),
        np.array([1, 2.5], dtype=np.float32),
    ],
    ids=["list", "generator", "tensor", "recorded tensor", "array"],
)
def test_numbers_of_any_sort_become_floats(numbers):
    """Lists, generators, tensors and arrays give the same series, of Python's own floats."""
    y = Series("a", range(2), numbers).y
    assert y == (1.0, 2.5)
    assert {type(value) for value in y} == {float}


def test_a_number_is_a_series_of_one():
    """A rule may be given its level as it is."""
    assert Series("bound", (), torch.tensor(2), "rule").y == (2.0,)


@pytest.mark.parametrize("numbers", [torch.ones(2, 2), np.ones((2, 2)), [[1.0]]])
def test_a_table_is_no_series(numbers):
    """Numbers with two dimensions are refused."""
    with pytest.raises(TypeError, match="not 'list'"):
        Series("a", (1, 2), numbers)


@given(st.lists(st.floats(allow_nan=True), max_size=5), st.floats(1e-30, 1e30))
def test_limits_are_a_power_of_two_around_every_number(numbers, least):
    """Every finite number is inside, half the limit would not do, and frexp says a power of two."""
    limit = reach(numbers, least=least)
    sizes = [abs(number) for number in numbers if math.isfinite(number)]
    assume(all(size < 1e300 for size in sizes))
    assert limit >= least
    assert all(size < limit for size in sizes)
    assert math.frexp(limit)[0] == 0.5
    assert limit / 2 < max([least, *(size * 2**0.1 for size in sizes)])


def test_limits_hold_still_while_data_move_a_little():
    """A change of the data within a power of two leaves the axis as it was."""
    assert Axis.around("ULPs", (0.1, -2.2)) == Axis.around("ULPs", torch.tensor([3.1, -0.3]))
    assert Axis.around("ULPs", ()) == Axis("ULPs", -1.0, 1.0)


def test_the_words_of_the_color_code_stay():
    """Recordings and plots know the kinds by these words."""
    assert {"agrees", "within the bound", "doubtful", "wrong", "raises", "not tried"} < set(KINDS)
