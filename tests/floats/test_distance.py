"""Positions and distances on the number line, against counting, NumPy and math.nextafter."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbook.floats import FARTHEST, FORMATS, bits_equal, format_of, ordered, ulp_distance

STORED = [fmt for fmt in FORMATS if fmt.dtype is not None]
SMALL = [fmt for fmt in STORED if fmt.bits <= 16]
NAMES = {"ids": lambda fmt: fmt.name}


def tensor(fmt, *values):
    """A tensor of the format's dtype: float8 has no constructor from every list of numbers."""
    return torch.tensor(values, dtype=torch.float64).to(fmt.dtype)


@pytest.mark.parametrize("fmt", SMALL, **NAMES)
def test_positions_number_the_sorted_values(fmt):
    """Sorted by value, all numbers of a small format take every position from end to end."""
    kind = torch.int8 if fmt.bits == 8 else torch.int16
    stored = torch.arange(2**fmt.bits).to(kind).view(fmt.dtype)
    values = stored.to(torch.float32)
    numbers = ~values.isnan()
    positions = ordered(stored)[numbers]
    by_value = positions[values[numbers].sort(stable=True).indices]
    steps = by_value.diff()
    assert positions.dtype == torch.int32
    assert sorted(set(by_value.tolist())) == list(range(-fmt.top, fmt.top + 1))
    assert (steps >= 0).all()
    assert (ordered(stored)[~numbers].abs() > fmt.top).all()


@pytest.mark.parametrize("fmt", SMALL, **NAMES)
def test_the_distance_counts_every_pair(fmt):
    """From one value to each other, the distance is the number of distinct values passed."""
    kind = torch.int8 if fmt.bits == 8 else torch.int16
    patterns = torch.arange(2**fmt.bits).to(kind)  # older torch cannot index float8 itself
    patterns = patterns[~patterns.view(fmt.dtype).to(torch.float32).isnan()]
    stored, start = patterns.view(fmt.dtype), patterns[5].repeat(len(patterns)).view(fmt.dtype)
    rank = np.unique(stored.to(torch.float32).numpy(), return_inverse=True)[1]
    counted = torch.from_numpy(abs(rank - rank[5]))
    assert torch.equal(ulp_distance(stored, start), counted)
    assert torch.equal(ulp_distance(start, stored), counted)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@given(data=st.data())
def test_a_walk_by_nextafter_is_as_long_as_its_steps(kind, data):
    """After n calls of np.nextafter the distance is n, across zero and up to infinity too."""
    width = np.finfo(kind).bits
    value = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    steps = data.draw(st.integers(0, 40))
    start = reached = kind(value)
    for taken in range(steps):
        with np.errstate(over="ignore"):
            onward = np.nextafter(reached, kind(math.inf))
        if onward == reached:
            steps = taken
            break
        reached = onward
    a, b = torch.tensor([start]), torch.tensor([reached])
    assert ulp_distance(a, b).tolist() == ulp_distance(b, a).tolist() == [steps]


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_both_zeros_are_one_place(fmt):
    """-0.0 and 0.0 are 0 ULPs apart in every dtype."""
    assert ulp_distance(tensor(fmt, -0.0), tensor(fmt, 0.0)).tolist() == [0]
    assert ordered(tensor(fmt, -0.0, 0.0)).tolist() == [0, 0]


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_a_way_across_zero_counts(fmt):
    """The smallest positive value and its negative are 2 ULPs apart: one to zero, one on."""
    tiny = fmt.smallest_subnormal
    assert ulp_distance(tensor(fmt, -tiny), tensor(fmt, tiny)).tolist() == [2]


@pytest.mark.parametrize("fmt", [fmt for fmt in STORED if fmt.has_infinity], **NAMES)
def test_infinity_is_one_step_beyond_the_largest(fmt):
    """The largest value and infinity are 1 ULP apart, and so are their negatives."""
    ends, limits = tensor(fmt, math.inf, -math.inf), tensor(fmt, fmt.largest, -fmt.largest)
    assert ulp_distance(ends, limits).tolist() == [1, 1]


def test_opposite_infinities_are_the_whole_line_apart():
    """In float32 the line from -inf to inf has twice the steps of infinity's bit pattern."""
    far = ulp_distance(torch.tensor([-math.inf]), torch.tensor([math.inf]))
    assert far.tolist() == [2 * 0x7F800000]


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_nan_is_no_step_from_nan_and_farthest_from_numbers(fmt):
    """NaN against NaN is 0, whatever the sign; NaN against a number has no count of steps."""
    nan = tensor(fmt, math.nan, -math.nan, math.nan, -math.nan)
    other = tensor(fmt, -math.nan, math.nan, 0.0, -1.0)
    assert ulp_distance(nan, other).tolist() == [0, 0, FARTHEST, FARTHEST]
    assert ulp_distance(other, nan).tolist() == [0, 0, FARTHEST, FARTHEST]


@given(a=st.floats(allow_nan=False), b=st.floats(allow_nan=False))
def test_long_ways_in_float64_end_at_the_largest_int64(a, b):
    """The float64 distance is the exact difference of the patterns, cut off at 2**63 - 1."""

    def place(value):
        size = int(np.float64(abs(value)).view(np.int64))
        return -size if math.copysign(1, value) < 0 else size

    counted = min(abs(place(a) - place(b)), FARTHEST)
    pair = torch.tensor([a, b], dtype=torch.float64)
    assert ulp_distance(pair[:1], pair[1:]).tolist() == [counted]


def test_two_and_minus_two_are_the_first_beyond_int64():
    """Distances of 2**63 and more are given as 2**63 - 1."""
    two = torch.tensor([2.0, math.nextafter(2.0, 0.0)], dtype=torch.float64)
    assert ulp_distance(two, -two).tolist() == [FARTHEST, FARTHEST - 1]


def test_distance_in_another_format_counts_its_steps():
    """In float16's steps, float32 values are as far apart as after torch's cast to float16."""
    a, b = torch.rand(200, generator=torch.Generator().manual_seed(0)) * 8 - 4, torch.ones(200)
    assert torch.equal(ulp_distance(a, b, "float16"), ulp_distance(a.half(), b.half()))


def test_tf32_steps_are_8192_float32_steps():
    """One tf32 step at 1.0 is 2**-10, and half of it rounds back to the even neighbor."""
    a = torch.tensor([1.0, 1.0, -1.0, math.inf, math.nan, 0.0])
    b = torch.tensor([1 + 2.0**-10, 1 + 2.0**-11, -1 + 2.0**-11, 3.4011e38, 1.0, -(2.0**-136)])
    assert ulp_distance(a, b, "tf32").tolist() == [1, 0, 1, 1, FARTHEST, 1]
    assert ordered(torch.tensor([math.inf]), "tf32").item() == format_of("tf32").top


def test_views_and_gradients_are_no_obstacle():
    """A transposed view that requires a gradient is measured like a copy of it."""
    a = torch.arange(6.0).reshape(2, 3).requires_grad_().t()
    b = a.detach().clone() + 0.5
    assert torch.equal(ulp_distance(a, b), ulp_distance(a.detach().contiguous(), b.contiguous()))
    assert ulp_distance(torch.tensor(1.0), torch.tensor(1.0)).shape == ()


def test_different_shapes_are_refused():
    """Tensors that would broadcast are refused all the same: each element needs its partner."""
    with pytest.raises(ValueError, match=r"shapes must be the same, got \(2,\) and \(1,\)"):
        ulp_distance(torch.zeros(2), torch.zeros(1))


def test_different_dtypes_are_refused():
    """Two dtypes have two lines, and no distance between them."""
    with pytest.raises(ValueError, match=r"got torch\.float32 and torch\.float64"):
        ulp_distance(torch.zeros(2), torch.zeros(2).double())


def test_whole_numbers_have_no_ulps():
    """An integer dtype is refused with the names of the formats."""
    with pytest.raises(ValueError, match=r"one of float64, .* got torch\.int64"):
        ulp_distance(torch.tensor([1]), torch.tensor([2]))


@pytest.mark.parametrize("fmt", STORED, **NAMES)
def test_equal_bits_tell_zeros_apart_and_nan_is_itself(fmt):
    """The zeros differ in their sign bit; a NaN agrees with its own copy."""
    assert not bits_equal(tensor(fmt, 0.0), tensor(fmt, -0.0))
    assert bits_equal(tensor(fmt, 0.0, math.nan), tensor(fmt, 0.0, math.nan))


def test_nan_payloads_count_as_bits():
    """Two NaNs with different payloads are not equal in their bits."""
    patterns = torch.tensor([0x7FC00000, 0x7FC00001], dtype=torch.int32).view(torch.float32)
    assert not bits_equal(patterns[:1], patterns[1:])


def test_other_shapes_and_dtypes_are_never_equal():
    """Equal numbers in another shape or dtype are not equal bits."""
    assert not bits_equal(torch.zeros(2), torch.zeros(1, 2))
    assert not bits_equal(torch.zeros(2), torch.zeros(2, dtype=torch.int32))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.complex64])
def test_any_dtype_has_bits(dtype):
    """Booleans, whole numbers and complex numbers, conjugated too, are compared by their bits."""
    one, zero = torch.ones(3, dtype=dtype), torch.zeros(3, dtype=dtype)
    assert bits_equal(one, one.clone())
    assert not bits_equal(one, zero)
    turned = torch.tensor([1 + 2j]).conj()
    assert bits_equal(turned, torch.tensor([1 - 2j]))


def test_bits_are_compared_across_devices():
    """Where the devices differ, the copies on the CPU are compared; meta tensors have no copy."""
    with pytest.raises(NotImplementedError):
        bits_equal(torch.zeros(2), torch.zeros(2, device="meta"))
