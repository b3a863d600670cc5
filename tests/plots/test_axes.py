"""Limits, ticks and their texts, against plain arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plots.charts import panel
from workbook.chart import Axis, Chart, Series
from workbook.conditions import Conditions
from workbook.plots import figure
from workbook.plots.axes import beneath, limits, number, ticks
from workbook.plots.style import text_width, wrapped
from workbook.result import Finding, Result


def of_y(axis, *values, mark="points"):
    """The limits of y of a panel with these values."""
    one = Series("a", tuple(float(n) for n in range(len(values))), values, mark)
    return limits(panel(one, y=axis))[1]


def test_stated_limits_are_kept():
    """Values beyond them change nothing."""
    assert of_y(Axis("y", -1, 3), 100.0) == (-1, 3)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.booleans())
def test_limits_from_the_data_hold_all_of_it(values, log):
    """Every finite value lies within (on a logarithmic axis, those above 0)."""
    low, high = of_y(Axis("y", log=log), *values)
    assert low < high
    assert all(low <= value <= high for value in values if value > 1e-290 or not log)


def test_bars_have_their_foot_and_their_width_within():
    """0 is in range, and half a bar stands free at both ends."""
    bars = Series("a", (0.0, 1.0, 2.0), (5.0, 6.0, 7.0), "bars")
    x, y = limits(panel(bars, x=Axis("x"), y=Axis("y")))
    assert x[0] <= -0.5 and x[1] >= 2.5
    assert y[0] == 0


def test_the_shortest_bar_of_a_logarithmic_axis_has_a_height():
    """The axis starts a decade below it."""
    low, _ = of_y(Axis("y", log=True), 0.01, 1.0, mark="bars")
    assert math.isclose(low, 0.001)


@pytest.mark.parametrize(
    ("values", "edge"),
    [
        ((1e-3, 1.0), ""),
        ((0.0, 1.0), "0"),
        ((1e-9, 1.0), "≤10⁻⁶"),
        ((0.0, 1e-9), "≤10⁻⁶"),
        ((-2.0, 1.0), "≤0"),
        ((math.nan, 1.0), ""),
    ],
)
def test_the_low_edge_of_a_logarithmic_axis_says_what_it_stands_for(values, edge):
    """0 for zeros alone, otherwise the limit that they are below."""
    axis = Axis("y", 1e-6, 1, log=True)
    assert beneath(panel(Series("a", (0.0, 1.0), values), y=axis), 1e-6) == edge
    assert ticks(axis, (1e-6, 1), 5, edge=edge)[0] == (1e-6, edge or "10⁻⁶")


@pytest.mark.parametrize("value", [5e-324, 1e-323, 1.0, 1e308])
def test_a_logarithmic_axis_of_one_value_has_a_length(value):
    """Also for the least of all floats, whose decade below is 0."""
    low, high = of_y(Axis("x", log=True), value)
    assert 0 < low < high < math.inf


def test_zeros_get_a_decade_of_their_own_below_the_data():
    """Without a stated limit the edge lies under the smallest positive value."""
    assert math.isclose(of_y(Axis("y", log=True), 0.0, 1e-5, 1.0)[0], 1e-6)


@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e6), st.integers(4, 9))
def test_a_linear_axis_has_at_least_two_ticks_with_different_texts(start, length, count):
    """Whatever the limits, the reader can tell the scale, and no two ticks say the same."""
    texts = [text for _, text in ticks(Axis("y"), (start, start + length), count)]
    assert 2 <= len(texts) <= count + 2
    assert len(set(texts)) == len(texts)


@given(st.integers(-300, 290), st.integers(1, 300), st.integers(3, 9))
def test_a_logarithmic_axis_is_ticked_at_round_numbers(low, span, count):
    """At least two of them, and hardly more than were asked for."""
    ends = float(f"1e{low}"), float(f"1e{min(low + span, 299)}")
    assert 2 <= len(ticks(Axis("y", log=True), ends, count)) <= count + 3


def test_ticks_of_the_axis_itself_are_used_within_its_limits():
    """Names of categories replace numbers; what lies outside is dropped."""
    axis = Axis("x", ticks=((0.0, "CPU"), (1.0, "GPU"), (9.0, "far")))
    assert [text for _, text in ticks(axis, (-0.5, 1.5), 5)] == ["CPU", "GPU"]


def test_whole_numbers_are_ticked_at_whole_numbers():
    """Steps from 0 to 4, say: no half steps."""
    assert [text for _, text in ticks(Axis("step"), (0, 4), 9, whole=True)] == list("01234")


def names_of_x(*names, room):
    """The Axes of a panel whose x axis has these names, in a figure so wide."""
    one = Series("a", range(len(names)), range(len(names)), "points")
    axis = Axis.of("way", names)
    made = Finding("So it is.", "", Chart((panel(one, x=axis),)))
    return figure(Result("name", "?", {}, made, Conditions(), {}), room=room).axes[0]


UNBREAKABLE = [f"unbreakable{n}" for n in range(5)]


def test_names_on_an_axis_are_broken_between_words_where_they_are_long():
    """Then turned, where even their words are too long; none is left out or cut."""
    names = "one of several ways", "another way to go", "the third and last way"
    for room, words, turned in ((680, names, 0), (320, names, 0), (320, UNBREAKABLE, 30)):
        ax = names_of_x(*words, room=room)
        if turned:
            shown = {label.get_text(): label.get_rotation() for label in ax.get_xticklabels()}
            assert shown == dict.fromkeys(words, turned)
            continue
        lines: dict = {}
        for text in ax.texts:
            lines.setdefault(text.get_position(), []).append(text.get_text())
        shown = [" ".join(texts) for (x, _), texts in lines.items()]
        assert [text for text in shown if text in words] == list(words)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (-0.0, "0"),
        (-2.0, "−2"),
        (200000.0, "200,000"),
        (1e-6, "10⁻⁶"),
        (2.5e-7, "2.5×10⁻⁷"),
        (-5e7, "−5×10⁷"),
        (0.1 + 0.2, "0.3"),
        (1000.002, "1,000.002"),
    ],
)
def test_a_number_has_the_digits_that_it_needs(value, text):
    """A true minus sign, raised powers, and nothing of the last bit."""
    assert number(value) == text


@given(st.text("abc ", max_size=80), st.floats(30, 300))
def test_wrapping_loses_no_character_and_keeps_the_width(text, width):
    """The lines hold the words in order, and each is at most as wide as asked."""
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line) <= width for line in lines)
