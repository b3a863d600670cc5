"""Rounding to a format, against fractions, torch's casts, NumPy and the math module."""

import math
from bisect import bisect_left
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from workbook.floats import (
    FORMATS,
    decode,
    fields,
    format_of,
    next_down,
    next_up,
    round_to,
    spacing,
)

NARROW = ["tf32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"]
CASTS = [fmt for fmt in FORMATS if fmt.dtype is not None and fmt.bits <= 16]
NAMES = {"ids": lambda fmt: fmt.name}
FLOAT32 = st.floats(width=32)
FLOAT64 = st.floats(allow_nan=False, allow_infinity=False)


def same(a, b):
    """Whether two float tensors agree in every bit, any NaN being as good as another."""
    numbers = ~(a.isnan() & b.isnan())
    kind = torch.int64 if a.dtype == torch.float64 else torch.int32
    return a.dtype == b.dtype and torch.equal(a[numbers].view(kind), b[numbers].view(kind))


def every_float32_near(fmt):
    """Each value of a small format with a sign, each midpoint, and float32's neighbors of both."""
    kind = torch.int8 if fmt.bits == 8 else torch.int16
    values = torch.arange(2**fmt.bits).to(kind).view(fmt.dtype).to(torch.float32)
    line = values[values.isfinite()].sort().values
    points = torch.cat([line, (line[1:] + line[:-1]) / 2])
    down, up = torch.tensor(-math.inf), torch.tensor(math.inf)
    return torch.cat([points, points.nextafter(down), points.nextafter(up), torch.tensor([-0.0])])


def nearest_by_fraction(value, line):
    """The even nearest of exactly known neighbors: the rule itself, in exact arithmetic."""
    place = bisect_left(line, Fraction(value))
    if place < len(line) and line[place] == Fraction(value):
        return line[place]
    low, high = line[place - 1], line[place]
    to_low, to_high = Fraction(value) - low, high - Fraction(value)
    if to_low == to_high:
        return low if (place - 1) % 2 == 0 else high
    return low if to_low < to_high else high


@pytest.mark.parametrize("fmt", CASTS, **NAMES)
def test_rounding_is_torchs_cast(fmt):
    """Every value, every tie and both sides of it round as torch's cast from float32 does."""
    values = every_float32_near(fmt)
    values = values[values.abs() <= fmt.largest]
    assert same(round_to(values, fmt), values.to(fmt.dtype).to(torch.float32))


@pytest.mark.parametrize("fmt", CASTS, **NAMES)
def test_overflow_follows_one_of_torchs_two_rules(fmt):
    """Beyond the largest value, torch saturates everywhere or nowhere, and we do both."""
    beyond = torch.tensor([1.01, 1.03, 1.04, 1.06, 1.07, 1.1, 1.2, 2.0, 1e30, math.inf])
    beyond = (beyond.double() * fmt.largest).float()
    beyond = torch.cat([beyond, -beyond, torch.tensor([math.nan])])
    theirs = beyond.to(fmt.dtype).to(torch.float32)
    rules = [same(round_to(beyond, fmt, saturate=rule), theirs) for rule in (False, True)]
    assert rules == [True, False] if fmt.has_infinity else True in rules


def test_the_opening_rule_for_overflow():
    """Without a wish, IEEE formats overflow to infinity and float8_e4m3fn stays at 448."""
    values = torch.tensor([1e9, -1e9, math.inf])
    assert round_to(values, "float16").tolist() == [math.inf, -math.inf, math.inf]
    assert round_to(values, "float8_e4m3fn").tolist() == [448.0, -448.0, 448.0]
    assert round_to(values, "float8_e4m3fn", saturate=False).isnan().all()


@given(value=st.floats(-448, 448))
@example(value=1.0625)
@example(value=2.0**-10)
@example(value=1.0625 + 2.0**-40)
def test_rounding_is_nearest_even_in_exact_arithmetic(value):
    """A float64 rounds once, to the nearest of the neighbors as fractions, ties to even."""
    fmt = format_of("float8_e4m3fn")
    line = [Fraction(decode(pattern, fmt)) for pattern in range(fmt.top + 1)]
    assert Fraction(round_to(abs(value), fmt)) == nearest_by_fraction(abs(value), line)


@given(values=st.lists(FLOAT64, min_size=1, max_size=20))
def test_float64_rounds_to_float32_as_numpy_does(values):
    """Rounding float64 to float32 is NumPy's cast, subnormal numbers and overflow included."""
    with np.errstate(over="ignore"):
        expected = np.array(values).astype(np.float32).astype(np.float64)
    rounded = round_to(torch.tensor(values, dtype=torch.float64), "float32")
    assert same(rounded, torch.from_numpy(expected))


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_float64_rounds_to_float16_once(value):
    """Rounding float64 to float16 is NumPy's direct cast: no detour by way of float32."""
    with np.errstate(over="ignore"):
        expected = float(np.float64(value).astype(np.float16))
    assert round_to(value, "float16") == expected


def test_a_detour_by_way_of_float32_would_round_twice():
    """Just above a tie of float16 the value goes up, where float32 first would lose the excess."""
    value = 1 + 2.0**-11 + 2.0**-40
    assert round_to(value, "float16") == 1 + 2.0**-10
    assert round_to(round_to(value, "float32"), "float16") == 1.0


@given(values=st.lists(FLOAT32, min_size=1, max_size=20))
def test_tf32_keeps_ten_bits_of_the_float32_fraction(values):
    """tf32 is float32 with 13 bits fewer: round to nearest even on the integer pattern."""
    pattern = np.array(values, dtype=np.float32).view(np.uint32).astype(np.int64)
    kept = pattern + 0xFFF + (pattern >> 13 & 1) & ~0x1FFF
    expected = torch.from_numpy(kept.astype(np.uint32).view(np.float32))
    numbers = ~torch.tensor(values, dtype=torch.float32).isnan()
    rounded = round_to(torch.tensor(values, dtype=torch.float32), "tf32")
    assert same(rounded[numbers], expected[numbers])
    assert torch.equal(rounded.isnan(), ~numbers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_and_dtype_stay(dtype):
    """A tensor comes back with its own shape and dtype, also from a transposed view."""
    values = torch.arange(6, dtype=dtype).reshape(2, 3).t() / 7
    rounded = round_to(values, torch.bfloat16)
    assert (rounded.shape, rounded.dtype) == (values.shape, values.dtype)
    assert same(rounded, values.contiguous().to(torch.bfloat16).to(dtype))


def test_a_wider_format_changes_nothing():
    """Rounding float32 values to float64 or float32 gives the same bits."""
    values = torch.tensor([0.1, -0.0, 1e-45, 3.4e38, math.inf])
    assert same(round_to(values, "float64"), values)
    assert same(round_to(values, "float32"), values)


def test_a_tensor_of_another_dtype_is_refused():
    """Only float32 and float64 hold the values; anything else is refused with its name."""
    with pytest.raises(TypeError, match=r"float32 or float64 tensor, got torch\.int64"):
        round_to(torch.tensor([1]), "tf32")


def test_fields_of_a_tenth_in_float32():
    """0.1 in float32 has the fields of its IEEE pattern 0x3DCCCCCD, rounded up."""
    taken = fields(0.1, "float32")
    assert (taken.sign, taken.exponent, taken.fraction) == (0, 123, 0x4CCCCD)
    assert taken.bits == f"{0x3DCCCCCD:032b}"
    assert (taken.value, taken.kind) == (float(np.float32(0.1)), "normal")


@pytest.mark.parametrize("name", [fmt.name for fmt in FORMATS])
def test_fields_name_the_kind_of_value(name):
    """Zero, subnormal, normal, infinity and NaN are told apart in every format."""
    fmt = format_of(name)
    below = fmt.smallest_normal - fmt.smallest_subnormal
    values = [-0.0, fmt.smallest_subnormal, below, fmt.smallest_normal, fmt.largest, math.nan]
    kinds = ["zero", "subnormal", "subnormal", "normal", "normal", "nan"]
    assert [fields(value, fmt).kind for value in values] == kinds
    assert fields(math.inf, fmt).kind == ("infinity" if fmt.has_infinity else "normal")
    assert fields(-0.0, fmt).bits == "1" + "0" * (fmt.bits - 1)


@given(value=st.floats())
def test_steps_in_float64_are_those_of_nextafter(value):
    """One step up or down in float64 ends where math.nextafter does, zero's sign included."""
    for step, goal in ((next_up, math.inf), (next_down, -math.inf)):
        ours, theirs = step(value, "float64"), math.nextafter(value, goal)
        assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))
        assert math.isnan(ours) or math.copysign(1, ours) == math.copysign(1, theirs)


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@given(data=st.data())
def test_steps_are_those_of_numpy(kind, data):
    """One step in float32 and float16 ends where np.nextafter does."""
    value = data.draw(st.floats(width=np.finfo(kind).bits, allow_nan=False))
    name = np.dtype(kind).name
    with np.errstate(over="ignore"):  # a step onto infinity is what the test may ask for
        up, down = (np.nextafter(kind(value), kind(to)) for to in (math.inf, -math.inf))
    assert (next_up(value, name), next_down(value, name)) == (float(up), float(down))


@pytest.mark.parametrize("name", NARROW)
def test_a_step_is_the_next_value_and_nothing_between(name):
    """From a value between two, one step up and one step down are its two neighbors."""
    fmt = format_of(name)
    for pattern in range(0, fmt.top - 1, max(1, fmt.top // 100)):
        low, high = decode(pattern, fmt), decode(pattern + 1, fmt)
        for share in (0.25, 0.5, 0.75):
            between = low + (high - low) * share
            assert (next_down(between, fmt), next_up(between, fmt)) == (low, high)


def test_the_line_ends():
    """From infinity, or from the largest value of float8_e4m3fn, a step up stays there."""
    assert next_up(math.inf, "float16") == next_up(65504.0, "float16") == math.inf
    assert next_up(448.0, "float8_e4m3fn") == 448.0
    assert next_down(-448.0, "float8_e4m3fn") == -448.0
    assert math.isnan(next_up(math.nan, "float8_e4m3fn"))


@given(value=st.floats())
def test_spacing_in_float64_is_ulp(value):
    """The spacing in float64 is math.ulp, for infinity and NaN too."""
    ours, theirs = spacing(value, "float64"), math.ulp(value)
    assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@given(data=st.data())
def test_spacing_is_that_of_numpy(kind, data):
    """The spacing in float32 and float16 is the size of np.spacing."""
    limit = float(np.finfo(kind).max)
    value = data.draw(st.floats(0, limit, width=np.finfo(kind).bits, exclude_max=True))
    assert spacing(-value, np.dtype(kind).name) == float(np.spacing(kind(value)))


@pytest.mark.parametrize("name", NARROW)
def test_the_spacing_leads_to_the_next_value(name):
    """A value plus its spacing is the next value away from zero, all along the line."""
    fmt = format_of(name)
    for pattern in range(0, fmt.top - 1, max(1, fmt.top // 100)):
        value = decode(pattern, fmt)
        assert value + spacing(value, fmt) == decode(pattern + 1, fmt)
