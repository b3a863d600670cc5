"""Comparisons, held against NumPy, math.nextafter and torch.testing.assert_close."""

import dataclasses
import json
import math
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.bounds import Bound, elementwise_bound, matmul_bound
from workbook.comparison import Comparison, compare, error_of
from workbook.conditions.switches import flushes
from workbook.simulated import SimulatedAccelerator

FINITE32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
TINY = Bound(1e-30, "tiny", "given")
FLOATS = (
    torch.float64,
    torch.float32,
    torch.bfloat16,
    torch.float16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
)


def stepped(values, steps):
    """Move float32 values up by a number of steps each, by math.nextafter on NumPy's side."""
    moved = np.array(list(values), dtype=np.float32)
    for index, count in enumerate(steps):
        for _ in range(count):
            moved[index] = np.nextafter(moved[index], np.float32(np.inf))
    return torch.from_numpy(moved)


def position(value):
    """Number a float32 along the line, from its bits."""
    bits = struct.unpack("<i", struct.pack("<f", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def test_identical():
    """Equal bits are identical, and the sentence says how many elements there are."""
    x = torch.rand(3, 4)
    result = compare(x, x.clone(), first="once", second="again")
    assert (result.verdict, result.identical, result.share) == ("identical", True, 0.0)
    assert (result.max_ulps, result.histogram) == (0, (12,))
    assert result.sentence() == "once and again are identical: all 12 elements agree in every bit."


def test_one_step():
    """One element one step up, by math.nextafter: 1 ULP, at its index, wrong without a bound."""
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    b = a.clone()
    b[1, 0] = math.nextafter(3.0, 4.0)
    result = compare(b, a)
    assert (result.differing, result.max_ulps, result.histogram) == (1, 1, (3, 1))
    assert (result.worst_index, result.worst_rel_index) == ((1, 0), (1, 0))
    assert result.max_abs == math.ulp(3.0)
    assert result.max_rel == math.ulp(3.0) / 3.0
    assert result.verdict == "wrong"
    assert result.share == 0.25


def test_histogram():
    """Steps of 0, 1, 2, 3, 4, 7, 8 fall into the buckets 0, 1, 2-3, 4-7, 8-15."""
    a = torch.full((7,), 1.0)
    result = compare(stepped(a, [0, 1, 2, 3, 4, 7, 8]), a)
    assert result.histogram == (1, 1, 2, 2, 1)


@given(st.lists(st.tuples(FINITE32, FINITE32), min_size=1, max_size=9))
def test_figures(pairs):
    """Every figure is NumPy's, whatever two finite tensors hold."""
    a, b = (np.array(one, dtype=np.float32) for one in zip(*pairs, strict=True))
    result = compare(torch.from_numpy(a), torch.from_numpy(b))
    steps = [abs(position(x) - position(y)) for x, y in pairs]
    difference = np.abs(a.astype(np.float64) - b.astype(np.float64))
    with np.errstate(all="ignore"):
        relative = np.nan_to_num(difference / np.abs(b.astype(np.float64)), posinf=np.inf)
    buckets = np.bincount([step.bit_length() for step in steps])
    assert result.differing == np.count_nonzero(a.view(np.int32) != b.view(np.int32))
    assert result.max_ulps == max(steps)
    assert result.histogram == tuple(buckets)
    assert (result.max_abs, result.max_rel) == (difference.max(), relative.max())
    if result.max_abs:
        assert result.worst_index == (difference.argmax(),)
        assert result.worst_rel_index == (relative.argmax(),)


@given(
    st.lists(st.integers(0, 2**62), min_size=1, max_size=9),
    st.integers(0, 62),
)
def test_long_distances(steps, width):
    """Distances up to 2**62, in float64 and close together, are in the bins of their lengths."""
    steps = [(1 << width) + step % (1 << max(width - 20, 1)) for step in steps]
    patterns = torch.tensor(steps).clamp(max=0x7FEFFFFFFFFFFFFF)
    result = compare(patterns.view(torch.float64), torch.zeros(len(steps), dtype=torch.float64))
    lengths = [step.bit_length() for step in patterns.tolist()]
    assert result.histogram == tuple(np.bincount(lengths))
    assert result.max_ulps == max(patterns.tolist())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 31))
def test_distances_over_many_pieces(seed, width):
    """Where there are more elements than fit a piece, the histogram is NumPy's."""
    generator = np.random.default_rng(seed)
    b = generator.integers(0, 1 << width, 300_001, dtype=np.int64).clip(max=0x7F7FFFFF)
    pattern = torch.from_numpy(b.astype(np.int32))
    result = compare(pattern.view(torch.float32), torch.zeros(b.size))
    lengths = np.frexp(b.astype(np.float64))[1]
    assert result.histogram == tuple(np.bincount(lengths))


def test_crossing_zero():
    """From the smallest negative to the smallest positive value are two steps."""
    up = math.nextafter(0.0, 1.0)
    a = torch.tensor([up, 1.0], dtype=torch.float64)
    b = torch.tensor([-up, 1.0], dtype=torch.float64)
    assert compare(a, b).max_ulps == 2


def test_zeros():
    """-0.0 and 0.0 differ in their bits, are 0 steps apart, and any bound covers them."""
    a, b = torch.tensor([0.0, 1.0]), torch.tensor([-0.0, 1.0])
    assert (compare(a, b).differing, compare(a, b).max_ulps) == (1, 0)
    assert (compare(a, b).worst_index, compare(a, b).max_rel) == (None, 0.0)
    assert (compare(a, b).verdict, compare(a, b, bound=TINY).verdict) == ("wrong", "rounding")


def test_nan_in_the_same_place():
    """NaN against NaN with the same bits is equal."""
    a = torch.tensor([math.nan, 1.0, -math.inf])
    assert compare(a, a.clone()).identical


def test_nan_payload():
    """NaNs with different payloads differ in bits, are 0 apart, and any bound covers them."""
    a = torch.tensor([0x7FC00000, 0x3F800000], dtype=torch.int32).view(torch.float32)
    b = torch.tensor([0x7FC00001, 0x3F800000], dtype=torch.int32).view(torch.float32)
    result = compare(a, b, bound=TINY)
    assert (result.differing, result.incomparable, result.max_ulps) == (1, 0, 0)
    assert result.verdict == "rounding"


@pytest.mark.parametrize(
    "x, y",
    [(math.nan, 1.0), (1.0, math.nan), (math.inf, 3e38), (math.inf, -math.inf), (1.0, math.inf)],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_not_finite_left_the_range(x, y, dtype):
    """NaN or infinity against anything else is beyond every bound, and has no distance."""
    a = torch.tensor([[1.0, 1.0], [2.0, x]], dtype=dtype)
    b = torch.tensor([[1.0, 2.0], [2.0, y]], dtype=dtype)
    result = compare(a, b, bound=Bound(math.inf, "anything", "given"))
    assert (result.verdict, result.incomparable, result.differing) == ("left the range", 1, 2)
    assert (result.max_abs, result.max_rel, result.bound_used) == (math.inf,) * 3
    assert (result.worst_index, result.worst_rel_index) == ((1, 1), (1, 1))
    assert sum(result.histogram) == 3
    assert "NaN or infinity against another value: 1" in result.sentence()
    assert f"Left the range of {result.dtype} ({torch.finfo(dtype).max:.6g})" in result.sentence()


def test_not_finite_beside_numbers():
    """The other elements are measured as if the infinite and NaN ones were not there."""
    a = torch.tensor([math.nan, 1.0, math.inf, 5.0, 1.0])
    b = stepped([math.nan, 1.0, math.inf, 5.0, 0.0], [0, 3, 0, 0, 0])
    result = compare(a, b)
    assert result.histogram[:3] == (3, 0, 1)
    assert (result.max_abs, result.worst_index) == (1.0, (4,))


def test_overflowing_difference():
    """A difference beyond float64's range is infinite, and wrong, but has a distance."""
    a = torch.tensor([1.7e308], dtype=torch.float64)
    result = compare(a, -a, bound=Bound(1e308, "large", "given"))
    assert (result.max_abs, result.incomparable, result.verdict) == (math.inf, 0, "wrong")
    assert result.max_ulps == 2**63 - 1


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_float_dtype(dtype):
    """In every format the next bit pattern up is one step, and equal tensors are identical."""
    ints = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    a = torch.tensor([1.0, 1.5, -2.0, 4.0]).to(dtype)
    b = (a.view(ints[a.element_size()]) + 1).view(dtype)
    result = compare(a, b)
    assert (result.max_ulps, result.histogram, result.dtype) == (1, (0, 4), str(dtype)[6:])
    assert result.max_abs == (a.double() - b.double()).abs().max()
    assert compare(a, a.clone()).identical


def test_nan_in_float8():
    """float8 knows NaN too."""
    a = torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn)
    b = torch.tensor([math.nan, 3.0]).to(torch.float8_e4m3fn)
    result = compare(a, b)
    assert (result.incomparable, result.histogram) == (1, (0, 0, 0, 1))


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
)
def test_integers(dtype):
    """Integers and bool are identical or wrong, without ULPs."""
    a = torch.tensor([0, 1, 1]).to(dtype)
    b = torch.tensor([0, 1, 0]).to(dtype)
    result = compare(a, b)
    assert (result.max_ulps, result.histogram) == (None, None)
    assert (result.max_abs, result.worst_index, result.verdict) == (1.0, (2,), "wrong")
    assert "ULP" not in result.sentence()
    assert compare(a, a.clone()).identical


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_long_integers(x, y):
    """Differences of int64 cannot overflow: they are Python's, rounded once."""
    result = compare(torch.tensor([x]), torch.tensor([y]))
    assert result.max_abs == float(abs(x - y))
    assert result.differing == (x != y)


def test_complex():
    """Complex tensors are pairs of reals, so the shape gains a dimension of 2."""
    a = torch.tensor([1 + 2j, 3 - 4j])
    b = torch.tensor([1 + 2j, 3 - 5j])
    result = compare(a, b)
    assert (result.shape, result.count, result.differing) == ((2, 2), 4, 1)
    assert (result.worst_index, result.max_abs, result.dtype) == ((1, 1), 1.0, "float32")


def test_lazy_conjugate_and_negative():
    """A lazy conjugate and its imaginary part are compared by their values."""
    a = torch.tensor([1 + 2j, 3 - 4j])
    assert compare(a.conj(), torch.tensor([1 - 2j, 3 + 4j])).identical
    assert compare(a.conj().imag, torch.tensor([-2.0, 4.0])).identical


@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)])
def test_empty(shape):
    """Tensors without elements are identical."""
    result = compare(torch.empty(shape), torch.empty(shape), bound=TINY)
    assert (result.verdict, result.count, result.histogram, result.share) == (
        "identical",
        0,
        (0,),
        0.0,
    )


def test_scalar():
    """A tensor without dimensions has the index ()."""
    result = compare(torch.tensor(1.0), torch.tensor(2.0))
    assert (result.shape, result.worst_index, result.max_rel) == ((), (), 0.5)


def test_zero_expected():
    """Against 0 a relative difference is infinite, and 0 against 0 is none."""
    result = compare(torch.tensor([0.0, 1.0, 5.0]), torch.tensor([0.0, 0.0, 4.0]))
    assert (result.max_rel, result.worst_rel_index) == (math.inf, (1,))
    assert result.max_abs == 1.0


@pytest.mark.parametrize("limit, verdict", [(1.0, "rounding"), (math.nextafter(1, 0), "wrong")])
def test_bound_edge(limit, verdict):
    """A difference equal to the limit is within; one float64 less, and it is not."""
    result = compare(torch.tensor([2.0]), torch.tensor([1.0]), bound=Bound(limit, "x", "given"))
    assert result.verdict == verdict
    assert result.bound_used == 1.0 / limit


def test_bound_per_element():
    """A limit for each element judges each by its own; the largest share of a limit is kept."""
    a, b = torch.tensor([[1.0, 2.0], [1.0, 8.0]]), torch.tensor([[1.0, 1.0], [1.0, 4.0]])
    limit = torch.tensor([[2.0], [5.0]], dtype=torch.float64)
    result = compare(a, b, bound=Bound(limit, "rows", "given"))
    assert (result.verdict, result.bound, result.bound_used) == ("rounding", 5.0, 0.8)
    wrong = compare(a, b, bound=Bound(limit - 1.5, "rows", "given"))
    assert (wrong.verdict, wrong.bound_used) == ("wrong", 2.0)


def test_bound_of_zero():
    """A limit of 0 allows equality only."""
    zero = Bound(torch.tensor([0.0, 1.0]).double(), "zero", "given")
    a = torch.tensor([1.0, 1.5])
    assert compare(a, torch.tensor([1.0, 1.0]), bound=zero).verdict == "rounding"
    result = compare(a, torch.tensor([1.1, 1.5]), bound=zero)
    assert (result.verdict, result.bound_used) == ("wrong", math.inf)


@pytest.mark.parametrize("limit", [math.nan, torch.tensor([math.nan, 1.0]).double()])
def test_bound_of_nan(limit):
    """A limit of NaN, made by NaN among the inputs, allows no difference."""
    a, b = torch.tensor([1.0, 1.0]), torch.tensor([1.1, 1.0])
    assert compare(a, b, bound=Bound(limit, "nan", "given")).verdict == "wrong"


def test_bound_with_not_finite_elsewhere():
    """Limits stay with their elements where NaN among them is left out."""
    a, b = torch.tensor([math.nan, 1.0, 2.0]), torch.tensor([math.nan, 1.0, 2.5])
    limit = torch.tensor([0.0, 0.0, 1.0]).double()
    result = compare(a, b, bound=Bound(limit, "x", "given"))
    assert (result.verdict, result.bound_used) == ("rounding", 0.5)


def test_matmul_is_rounding():
    """float32 products of one matrix pair, added up in two orders, differ by rounding."""
    a, b = torch.rand(20, 500).sub(0.5), torch.rand(500, 20).sub(0.5)
    bound = matmul_bound(a, b, "float32")
    order = torch.randperm(500)
    result = compare(a @ b, a[:, order] @ b[order], bound=bound + bound)
    assert result.verdict == "rounding"
    assert compare(a @ b, a @ b * 1.01, bound=bound + bound).verdict == "wrong"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_error_of(dtype):
    """A computed tensor against the float64 truth: ULPs from the truth rounded, errors from it."""
    exact = torch.rand(50, dtype=torch.float64)
    computed = exact.float().to(dtype)
    result = error_of(computed, exact, bound=elementwise_bound(exact, dtype, ulps=0.51))
    assert result.max_abs == (computed.double() - exact).abs().max() > 0
    assert result.max_rel == ((computed.double() - exact) / exact).abs().max()
    assert result.max_ulps <= 1
    assert result.verdict in ("identical", "rounding")
    assert (result.first, result.second) == ("computed", "exact")


def test_error_of_rounds_once():
    """Halfway cases that two roundings get wrong are measured against the right one."""
    exact = torch.tensor([1 + 2.0**-11 + 2.0**-40], dtype=torch.float64)
    result = error_of(torch.tensor([float(np.float16(exact.item()))]).half(), exact)
    assert result.identical
    assert result.max_abs == 2.0**-11 - 2.0**-40


def test_error_of_overflow():
    """A finite truth that the format cannot hold is infinity there: a number beside it is none."""
    exact = torch.tensor([1e39, 1.0], dtype=torch.float64)
    result = error_of(torch.tensor([3e38, 1.0]), exact, bound=Bound(1e40, "x", "given"))
    assert (result.verdict, result.incomparable) == ("left the range", 1)
    assert error_of(torch.tensor([math.inf, 1.0]), exact).identical


def test_error_of_limits():
    """A bound is held against the difference from the unrounded truth."""
    exact = torch.tensor([0.1], dtype=torch.float64)
    computed = exact.float()
    gap = abs(computed.double() - exact).item()
    half = Bound(gap / 2, "half", "given")
    assert error_of(computed, exact, bound=half).bound_used == 2.0
    up = torch.nextafter(computed, torch.tensor(1.0))
    assert error_of(up, exact, bound=Bound(1e-8, "x", "given")).verdict == "rounding"
    assert error_of(up, exact, bound=half).verdict == "wrong"


@pytest.mark.parametrize(
    "actual, exact",
    [
        (torch.ones(1), torch.ones(1)),
        (torch.ones(1, dtype=torch.int32), torch.ones(1, dtype=torch.float64)),
    ],
)
def test_error_of_dtypes(actual, exact):
    """The truth is float64, what was computed is floating."""
    with pytest.raises(ValueError, match="actual must be floating and exact float64, got torch"):
        error_of(actual, exact)


CUBE = torch.arange(210.0).view(6, 7, 5)
STRIDED = {
    "transposed": (CUBE, CUBE.transpose(0, 2).contiguous().transpose(0, 2)),
    "sliced": (CUBE[::2, :, 1:3], CUBE[::2, :, 1:3].clone()),
    "expanded": (torch.ones(1).expand(4, 3), torch.ones(4, 3)),
}


@pytest.mark.parametrize("a, b", STRIDED.values(), ids=STRIDED)
def test_strides(a, b):
    """Layout is no difference, and where one value changes its index is found."""
    assert compare(a, b).identical
    other = b.clone()
    place = tuple(size - 1 for size in other.shape)
    other[place] += 1
    result = compare(other, a)
    assert (result.differing, result.worst_index) == (1, place)


@pytest.mark.parametrize("shape", [(3, 400, 500), (2, 300_000), (600_000, 1), (1, 1, 600_000)])
def test_strides_in_pieces(shape):
    """In many pieces, too, the greatest difference is where it was put."""
    a = torch.rand(shape[::-1]).permute(*range(len(shape) - 1, -1, -1))
    b = a.clone().contiguous()
    place = tuple(size // 2 for size in shape)
    b[place] += 1
    limit = torch.full(shape, 2.0, dtype=torch.float64)
    result = compare(a, b, bound=Bound(limit, "x", "given"))
    assert (result.differing, result.worst_index, result.verdict) == (1, place, "rounding")


def test_first_of_equals():
    """Of equal differences, the first in row-major order is named, across pieces too."""
    a = torch.zeros(400_000)
    b = a.clone()
    b[[5, 300_000]] = 1.0
    assert compare(b, a).worst_index == (5,)
    b[300_001] = 2.0
    assert compare(b, a).worst_index == (300_001,)


def test_requires_grad():
    """Tensors that require gradients are compared and left as they are, in every grad mode."""
    a = torch.rand(5, requires_grad=True)
    b = (a * 2).detach() / 2
    versions = a._version, b._version
    kept = a.detach().clone()
    assert compare(a, b).identical
    with torch.inference_mode():
        assert compare(a, b).identical
        assert compare(a * 2, b * 3).verdict == "wrong"
    assert (a._version, b._version) == versions
    assert torch.equal(a.detach(), kept)
    assert a.grad is None


def test_inputs_unchanged():
    """Neither tensor nor the limit is written to."""
    a, b = torch.tensor([1.0, math.nan, -0.0]), torch.tensor([2.0, 1.0, 0.0])
    limit = torch.tensor([math.nan, 1.0, 1.0]).double()
    before = [one.clone() for one in (a, b, limit)]
    compare(a, b, bound=Bound(limit, "x", "given"))
    for one, kept in zip((a, b, limit), before, strict=True):
        assert one.numpy().tobytes() == kept.numpy().tobytes()


@pytest.mark.parametrize(
    "actual, expected, message",
    [
        (torch.ones(2), torch.ones(3), r"both shapes must be the same, got \(2,\) and \(3,\)"),
        (torch.ones(2), torch.ones(2).double(), "both dtypes must be the same, got torch.float32"),
        (torch.ones(2), torch.ones(2, device="meta"), "expected must hold values, got a meta"),
        (torch.ones(2), [1.0, 1.0], "expected must be a torch.Tensor, got list"),
        (1.0, torch.ones(2), "actual must be a torch.Tensor, got float"),
        (torch.ones(2).to_sparse(), torch.ones(2), "actual must be a dense tensor, got a sparse"),
        (torch.ones(2), torch.ones(2).to(torch.uint16), "expected must have a dtype with a known"),
    ],
)
def test_bad_pairs(actual, expected, message):
    """What cannot be compared is refused in one sentence: the rule, then what came."""
    with pytest.raises((ValueError, TypeError), match=message) as raised:
        compare(actual, expected)
    assert "\n" not in str(raised.value)


def test_other_device():
    """Tensors on two devices are refused."""
    from workbook.comparison.pair import _check_alike

    with pytest.raises(ValueError, match="both devices must be the same, got cpu and meta"):
        _check_alike(torch.ones(2), torch.ones(2, device="meta"))


@pytest.mark.parametrize(
    "tensor, bound, message",
    [
        (torch.ones(2), 0.1, "bound must be a Bound, got float"),
        (torch.ones(2).int(), TINY, "a bound needs floating-point tensors, got torch.int32"),
        (torch.ones(2), Bound(torch.ones(3), "x", "y"), r"must broadcast to \(2,\), got \(3,\)"),
        (torch.ones(2), Bound(torch.ones(1, 2), "x", "y"), r"broadcast to \(2,\), got \(1, 2\)"),
    ],
)
def test_bad_bounds(tensor, bound, message):
    """A bound that does not fit is refused in one sentence."""
    with pytest.raises((ValueError, TypeError), match=message):
        compare(tensor, tensor.clone(), bound=bound)


def test_sentence_has_the_words_of_assert_close():
    """Counts, greatest differences and their indices are those that assert_close reports."""
    a = torch.rand(4, 5) + 1
    b = a.clone()
    b[2, 3], b[1, 1] = b[2, 3] + 0.25, b[1, 1] * 1.125
    with pytest.raises(AssertionError) as raised:
        torch.testing.assert_close(b, a, rtol=0, atol=0)
    theirs, ours = str(raised.value), compare(b, a).sentence()
    assert re.search(r"Mismatched elements: (.*)", theirs)[1].split(" (")[0] in ours
    for kind in ("absolute", "relative"):
        pattern = rf"reatest {kind} difference: (\S+) at index (\(\d+, \d+\))"
        have, want = re.search(pattern, ours), re.search(pattern, theirs)
        assert float(have[1]) == pytest.approx(float(want[1]), rel=5e-3)
        assert have[2] == want[2]


def test_sentence_of_each_verdict():
    """The sentence ends with the verdict and what it rests on."""
    a, b = torch.tensor([1.0]), stepped([1.0], [1])
    loose, tight = Bound(2.0**-21, "loose", "x"), Bound(2.0**-24, "tight", "x")
    ends = {
        None: "1 ULP. Wrong: every bit was expected to agree.",
        loose: "0.25 of the limit 4.8e-07 (loose); a fault below 6e-07 could hide here.",
        tight: "Wrong: 2 times the limit 6e-08 (tight); no order of roundings goes so far.",
    }
    for bound, end in ends.items():
        assert compare(a, b, bound=bound).sentence().endswith(end)


@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=5), st.booleans())
def test_json(pairs, bounded):
    """A comparison goes through strict JSON and comes back equal."""
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    bound = Bound(math.inf, "anything", "given") if bounded else None
    result = compare(torch.tensor(a), torch.tensor(b), bound=bound)
    text = json.dumps(result.to_json(), allow_nan=False)
    assert Comparison.from_json(json.loads(text)) == result


def test_json_rejects():
    """Damaged data is refused by name."""
    good = compare(torch.ones(1), torch.ones(1)).to_json()
    with pytest.raises(ValueError, match="missing: count"):
        Comparison.from_json({name: good[name] for name in good if name != "count"})
    with pytest.raises(
        ValueError,
        match="verdict must be one of identical, rounding, doubtful, wrong, left the range, got",
    ):
        Comparison.from_json({**good, "verdict": "fine"})


def test_plain_data():
    """A comparison is frozen and holds no tensor."""
    result = compare(torch.ones(2), torch.zeros(2), bound=Bound(torch.ones(2), "x", "y"))
    assert hash(result) == hash(dataclasses.replace(result))
    for value in dataclasses.asdict(result).values():
        assert value is None or type(value) in (int, float, str, tuple)


@pytest.mark.parametrize("float64", ["downcast", "refuse"])
def test_inside_the_simulated_accelerator(float64):
    """A simulated accelerator without float64 changes no figure and sees no operation."""
    a = torch.rand(50)
    b, exact = stepped(a, range(50)), a.double() + 1e-9
    outside = compare(a, b, bound=TINY), error_of(a, exact)
    with SimulatedAccelerator(float64=float64) as accelerator:
        assert (compare(a, b, bound=TINY), error_of(a, exact)) == outside
    assert not accelerator.calls


def test_flushed_subnormals():
    """Subnormal differences are measured where the processor flushes, and it goes on flushing."""
    a, b = torch.tensor([1e-40, 1e-41]), torch.tensor([2e-40, 1e-41])
    outside = compare(a, b, bound=TINY)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormals")
    try:
        inside = compare(a, b, bound=TINY)
        assert flushes()
    finally:
        torch.set_flush_denormal(False)
    assert inside == outside
    assert inside.max_abs > 0


def test_default_device():
    """A default device other than the tensors' changes nothing."""
    a, b = torch.rand(2000), torch.rand(2000)
    outside = compare(a, b)
    with torch.device("meta"):
        assert compare(a, b) == outside


def test_autocast_and_deterministic():
    """Autocast, deterministic algorithms and another default dtype change nothing."""
    a, b = torch.rand(2000), torch.rand(2000)
    outside = compare(a, b)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", torch.bfloat16):
            assert compare(a, b) == outside
    finally:
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)


MEMORY = """
import os, sys, torch
from workbook.comparison import compare
torch.set_num_threads(1)
def peak():  # not getrusage: its peak survives a fork
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
def measure(how):
    a = torch.rand(10_000_000)
    b = a * (1 + 2**-22) if how == "rounding" else torch.rand(10_000_000)
    if how == "transposed":
        a, b = a.view(1000, 10_000).t(), b.view(1000, 10_000).t()
    compare(a[:9], b[:9])
    before = peak()
    compare(a, b) if how != "plainly" else (a.double() - b.double()).abs().max()
    return (peak() - before) / 1e6
for how in sys.argv[1:]:
    if not os.fork():
        print(how, measure(how), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def extra_memory():
    """The growth of a fork's peak memory, in MB, for each way to compare."""
    if sys.platform != "linux":
        pytest.skip("the peak is read from /proc")
    command = [sys.executable, "-c", MEMORY, "rounding", "unrelated", "transposed", "plainly"]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {how: float(megabytes) for how, megabytes in map(str.split, rows)}


@pytest.mark.parametrize("how", ["rounding", "unrelated", "transposed"])
def test_memory(how, extra_memory):
    """Comparing 10 million float32 takes at most 64 MB beyond the inputs, and some."""
    assert 0 < extra_memory[how] <= 64


def test_memory_can_fail(extra_memory):
    """The measure sees a comparison that takes whole float64 copies: 80 MB at the least."""
    assert extra_memory["plainly"] > 80


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")


@needs_cuda
@pytest.mark.parametrize("dtype", FLOATS)
def test_cuda_as_on_the_cpu(dtype):
    """On a CUDA device every figure is what it is on the CPU."""
    a = torch.rand(300_000).sub(0.5).to(dtype)
    b = (a.double() * 1.0001).to(dtype)
    b[7] = math.nan
    limit = torch.rand(300_000, dtype=torch.float64)
    here = compare(a, b, bound=Bound(limit, "x", "given"))
    assert compare(a.cuda(), b.cuda(), bound=Bound(limit, "x", "given")) == here
    assert compare(a.cuda(), b.cuda(), bound=Bound(limit.cuda(), "x", "given")) == here


@needs_cuda
def test_cuda_unrelated():
    """Long distances are counted on a CUDA device as on the CPU."""
    a, b = torch.rand(400_000), torch.rand(400_000)
    assert compare(a.cuda(), b.cuda()) == compare(a, b)


@needs_cuda
def test_other_device_given():
    """A tensor on the CPU and one on a CUDA device are refused."""
    with pytest.raises(ValueError, match="both devices must be the same, got cpu and cuda:0"):
        compare(torch.ones(2), torch.ones(2).cuda())
