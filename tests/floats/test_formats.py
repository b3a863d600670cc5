"""The table of formats and single values, against torch.finfo, struct and exhaustive views."""

import math
import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.floats import FORMATS, decode, encode, format_of

STORED = [fmt for fmt in FORMATS if fmt.dtype is not None]
SMALL = [fmt for fmt in STORED if fmt.bits <= 16]
NAMES = {"ids": lambda fmt: fmt.name}


def every_value(fmt):
    """Every bit pattern of a format of at most 16 bits, as torch reads it, in float64."""
    kind = torch.int8 if fmt.bits == 8 else torch.int16
    patterns = torch.arange(2**fmt.bits).to(kind)
    return patterns.view(fmt.dtype).to(torch.float32).to(torch.float64)


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_limits_are_those_of_finfo(fmt):
    """Largest, smallest normal, epsilon and width are what torch.finfo says."""
    info = torch.finfo(fmt.dtype)
    assert (fmt.largest, fmt.smallest_normal, fmt.epsilon) == (info.max, info.tiny, info.eps)
    assert fmt.bits == info.bits == 1 + fmt.exponent_bits + fmt.fraction_bits


@pytest.mark.parametrize("fmt", SMALL, **NAMES)
def test_smallest_subnormal_is_the_smallest_positive_value(fmt):
    """No positive bit pattern of the format is smaller than its smallest subnormal."""
    values = every_value(fmt)
    assert values[values > 0].min().item() == fmt.smallest_subnormal


def test_tf32_has_the_range_of_float32_and_the_fraction_of_float16():
    """tf32 has 8 exponent bits and 10 fraction bits in 19, as NVIDIA's A100 white paper says."""
    tf32 = format_of("tf32")
    assert (tf32.bits, tf32.exponent_bits, tf32.fraction_bits, tf32.dtype) == (19, 8, 10, None)
    assert tf32.unit_roundoff == 2.0**-11
    assert tf32.smallest_normal == torch.finfo(torch.float32).tiny


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_a_format_is_found_by_name_dtype_or_itself(fmt):
    """The name, the torch dtype and the format itself lead to the same row."""
    assert format_of(fmt.name) is format_of(fmt.dtype) is format_of(fmt) is fmt


@pytest.mark.parametrize("unknown", ["double", torch.int32, None])
def test_an_unknown_format_is_refused_with_the_names(unknown):
    """What is no format is refused in a sentence that names every format, and what came."""
    with pytest.raises(ValueError, match=r"one of float64, .*float8_e5m2, got ") as refusal:
        format_of(unknown)
    assert str(refusal.value).endswith(f"got {unknown}")


@pytest.mark.parametrize("fmt", SMALL, **NAMES)
def test_every_pattern_decodes_as_torch_reads_it(fmt):
    """All bit patterns of a small format stand for the value that torch's own cast gives."""
    decoded = torch.tensor([decode(p, fmt) for p in range(2**fmt.bits)], dtype=torch.float64)
    expected = every_value(fmt)
    assert torch.equal(decoded.isnan(), expected.isnan())
    numbers = ~expected.isnan()
    assert torch.equal(decoded[numbers].view(torch.int64), expected[numbers].view(torch.int64))


@pytest.mark.parametrize("fmt", SMALL, **NAMES)
def test_every_value_encodes_to_its_own_pattern(fmt):
    """Every number of a small format goes back to the pattern it was read from."""
    values = every_value(fmt).tolist()
    patterns = [p for p, value in enumerate(values) if not math.isnan(value)]
    assert [encode(values[p], fmt) for p in patterns] == patterns


@pytest.mark.parametrize(("name", "code"), [("float64", "d"), ("float32", "f"), ("float16", "e")])
@given(data=st.data())
def test_patterns_are_those_of_struct(name, code, data):
    """The pattern of any number is what Python's struct module packs."""
    width = format_of(name).bits
    value = data.draw(st.floats(width=width, allow_nan=False))
    packed = int.from_bytes(struct.pack(f">{code}", value), "big")
    assert encode(value, format_of(name)) == packed
    assert math.copysign(1, decode(packed, format_of(name))) == math.copysign(1, value)
    assert decode(packed, format_of(name)) == value


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_nan_has_the_pattern_of_torchs_nan(fmt):
    """NaN gets the pattern that torch's cast gives it, in IEEE formats and in float8_e4m3fn."""
    if fmt.name == "float8_e5m2":  # torch's cast fills the payload with ones there
        assert encode(math.nan, fmt) == 0b0_11111_10
        return
    kind = {8: torch.uint8, 16: torch.int16, 32: torch.int32, 64: torch.int64}[fmt.bits]
    theirs = torch.tensor([math.nan], dtype=torch.float64).to(fmt.dtype).view(kind).item()
    assert encode(math.nan, fmt) == theirs


def test_a_value_between_two_is_not_encoded():
    """A value that the format lacks is refused with the advice to round it."""
    with pytest.raises(ValueError, match=r"float16 does not hold 0\.1 exactly: round it first"):
        encode(0.1, format_of("float16"))


@pytest.mark.parametrize("value", [449.0, math.inf])
def test_a_value_beyond_the_largest_is_not_encoded(value):
    """A format without infinity refuses what lies beyond its largest value, and names that."""
    with pytest.raises(ValueError, match=r"its largest value is 448\.0"):
        encode(value, format_of("float8_e4m3fn"))


@pytest.mark.parametrize("pattern", [-1, 256])
def test_a_pattern_with_too_many_bits_is_refused(pattern):
    """A pattern outside the width of the format is refused with its range."""
    with pytest.raises(ValueError, match=rf"from 0 to 2\*\*8 - 1, got {pattern}"):
        decode(pattern, format_of("float8_e5m2"))
