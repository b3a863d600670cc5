"""Limits, places and ticks, against plain arithmetic."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plots.charts import panel
from workbook.chart import Axis, Series
from workbook.plots.scales import Scale, panel_scales, scale_of, scientific, short
from workbook.plots.style import text_width, wrap
from workbook.plots.ticks import Tick, evenly_spaced, fitted, ticks


def test_places_on_a_linear_axis_are_exact_fractions():
    """Also between limits that are a few ULPs apart, where a plotting library would give up."""
    low, high = 1.0, 1 + 8 * 2.0**-52
    middle = 1 + 2 * 2.0**-52
    expected = (Fraction(middle) - Fraction(low)) / (Fraction(high) - Fraction(low))
    assert Scale(low, high).places([low, middle, high]).tolist() == [0, float(expected), 1]


def test_places_over_the_whole_range_of_floats_do_not_overflow():
    """From the lowest to the largest float, 0 is in the middle."""
    top = 1.7976931348623157e308
    assert Scale(-top, top).places([0.0])[0] == 0.5


def test_stated_limits_are_kept():
    """Values beyond them change nothing."""
    assert scale_of(Axis("y", -1, 3), [100.0]) == Scale(-1, 3)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.booleans())
def test_limits_from_the_data_hold_all_of_it(values, log):
    """Every finite value lies from 0 to 1 (on a logarithmic axis, those above 0)."""
    scale = scale_of(Axis("y", log=log), values)
    shown = [value for value in values if value > 1e-290 or not log]
    places = scale.places(shown)
    assert scale.low < scale.high
    assert ((places >= -1e-9) & (places <= 1 + 1e-9)).all()


def test_bars_have_their_foot_and_their_width_within():
    """0 is in range, and half a bar stands free at both ends, even against stated limits."""
    bars = Series("a", (0.0, 1.0, 2.0), (5.0, 6.0, 7.0), "bars")
    x, y = panel_scales(panel(bars, x=Axis("x", 0, 2), y=Axis("y")))
    assert x.low <= -0.5 and x.high >= 2.5
    assert y.low == 0


def test_the_shortest_bar_of_a_logarithmic_axis_has_a_height():
    """The axis starts a decade below it."""
    bars = Series("a", (0.0, 1.0), (0.01, 1.0), "bars")
    assert panel_scales(panel(bars, y=Axis("y", log=True)))[1].low == 0.001


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
    scale = scale_of(axis, values)
    assert scale.edge == edge
    assert ticks(axis, scale, 5)[0].text == (edge or "10⁻⁶")


@pytest.mark.parametrize("value", [5e-324, 1e-323, 1.0, 1e308])
def test_a_logarithmic_axis_of_one_value_has_a_length(value):
    """Also for the least of all floats, whose decade below is 0."""
    scale = scale_of(Axis("x", log=True), [value])
    assert 0 < scale.low < scale.high


def test_zeros_get_a_decade_of_their_own_below_the_data():
    """Without a stated limit the edge lies under the smallest positive value."""
    assert scale_of(Axis("y", log=True), [0.0, 1e-5, 1.0]).low == 1e-6


@given(st.floats(1e-300, 1e290), st.floats(1e-12, 1e12), st.integers(2, 12))
def test_a_linear_axis_has_at_least_two_ticks_with_different_texts(start, share, count):
    """Whatever the limits, the reader can tell the scale, and no two ticks say the same."""
    scale = Scale(start, start + max(start * share, 4 * math.ulp(start)))
    texts = [tick.text for tick in ticks(Axis("y"), scale, count)]
    assert 2 <= len(texts) <= 2 * count + 3
    assert len(set(texts)) == len(texts)


@given(st.integers(-320, 300), st.integers(1, 300), st.integers(2, 10))
def test_a_logarithmic_axis_is_ticked_at_powers_of_ten(low, span, count):
    """At least two of them, at most two more than were asked for (or 1, 2, 5 in a short range)."""
    scale = Scale(float(f"1e{low}"), float(f"1e{min(low + span, 308)}"), log=True)
    found = ticks(Axis("y", log=True), scale, count)
    assert 2 <= len(found) <= max(count + 2, 8)


def test_ticks_of_the_axis_itself_are_used_within_its_limits():
    """Names of categories replace numbers; what lies outside is dropped."""
    axis = Axis("x", ticks=((0.0, "CPU"), (1.0, "GPU"), (9.0, "far")))
    assert [tick.text for tick in ticks(axis, Scale(-0.5, 1.5), 5)] == ["CPU", "GPU"]


def test_texts_that_do_not_fit_side_by_side_take_turns_on_two_lines():
    """Two rows hold what one cannot; beyond that every second text is left out."""
    found = [Tick(n / 4, "wide") for n in range(5)]
    assert fitted(found, 400, [90.0] * 5) == found
    assert [tick.lower for tick in fitted(found, 400, [150.0] * 5, stagger=True)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert [tick.text for tick in fitted(found, 400, [150.0] * 5)] == [
        "wide",
        "",
        "wide",
        "",
        "wide",
    ]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.0, 0.5, 1.0), ["0.0", "0.5", "1.0"]),
        ((-2.0, 0.0, 2.0), ["−2", "0", "2"]),
        ((0.0, 2e5, 4e5), ["0", "200,000", "400,000"]),
        ((1e-6, 2e-6), ["1×10⁻⁶", "2×10⁻⁶"]),
        ((-5e7, 0.0), ["−5×10⁷", "0"]),
        ((3.0,), ["3"]),
    ],
)
def test_numbers_of_an_axis_share_one_form(values, texts):
    """The same digits after the point, the same power of ten, a true minus sign."""
    assert evenly_spaced(values) == texts


def test_numbers_in_sentences_are_short():
    """Three digits, raised powers."""
    assert [short(v) for v in (0.0, -1234.0, 1e-9, 2.5e-7)] == ["0", "−1234", "10⁻⁹", "2.50×10⁻⁷"]
    assert scientific(0.0) == "0" and scientific(-1e-5) == "−10⁻⁵"


@given(st.text("abc ", max_size=80), st.floats(30, 300))
def test_wrapping_loses_no_character_and_keeps_the_width(text, width):
    """The lines hold the words in order, and each is at most as wide as asked."""
    lines = wrap(text, width, 12.8)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 12.8) <= width for line in lines)
