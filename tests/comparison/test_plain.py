"""Comparisons held against the plain form: NumPy, whole arrays, no pieces and no short ways."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.comparison import compare, pair, scratch

KINDS = ("near", "unrelated", "signed", "zeros", "tiny", "huge", "equal steps", "not finite")
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def drawn(kind, dtype, count, generator):
    """Draw two tensors whose differences are of one kind, with equal stretches between."""
    smallest = torch.finfo(dtype).smallest_normal
    largest = torch.finfo(dtype).max / (2 if dtype == torch.float64 else 1)
    b = torch.from_numpy(generator.random(count))
    a = b * (1 + generator.integers(-3, 4) * torch.finfo(dtype).eps)
    if kind in ("unrelated", "signed", "zeros"):
        a, b = (torch.from_numpy(generator.standard_normal(count)) for _ in range(2))
        a, b = {"unrelated": (a.abs(), b.abs()), "signed": (a, b), "zeros": (a.relu(), b.relu())}[
            kind
        ]
    elif kind == "tiny":
        a, b = (torch.from_numpy(generator.normal(0, smallest, count)) for _ in range(2))
    elif kind == "huge":
        a, b = (torch.from_numpy(generator.uniform(-largest, largest, count)) for _ in range(2))
    elif kind == "equal steps":
        a = b.to(dtype).double() + torch.finfo(dtype).eps
    a, b = a.to(dtype), b.to(dtype)
    if kind == "not finite":
        for place in generator.integers(0, count, 3):
            a[place] = (math.nan, math.inf, -math.inf)[generator.integers(3)]
            b[place] = (math.nan, math.inf, 1.0)[generator.integers(3)]
    start = generator.integers(0, count)
    a[start : start + 20] = b[start : start + 20]
    return a, b


def on_the_line(tensor):
    """Number the values of a format along their line, in whole numbers of Python."""
    width = 8 * tensor.element_size() - 1
    patterns = tensor.view(getattr(torch, f"int{width + 1}")).tolist()
    return [one if one >= 0 else -(one & (1 << width) - 1) for one in patterns]


def plainly(a, b):
    """Compare in float64 and in whole numbers of Python."""
    x, y = a.double().numpy(), b.double().numpy()
    bits = getattr(torch, f"int{8 * a.element_size()}")
    finite = np.isfinite(x) & np.isfinite(y)
    bad = ~finite & ~((x == y) | (np.isnan(x) & np.isnan(y)))
    pairs = zip(on_the_line(a), on_the_line(b), ~bad, finite, strict=True)
    # A distance too long for 64 bits counts as the longest.
    steps = [min(abs(i - j), 2**63 - 1) if both else 0 for i, j, kept, both in pairs if kept]
    with np.errstate(all="ignore"):
        size = np.where(finite, np.abs(x - y), 0.0)
        share = np.nan_to_num(np.where(finite, size / np.abs(y), 0.0), posinf=np.inf)
    return {
        "differing": int((a.view(bits) != b.view(bits)).sum()),
        "incomparable": int(bad.sum()),
        "max_ulps": max(steps, default=0),
        "histogram": Counter(step.bit_length() for step in steps),
        "max_abs": math.inf if bad.any() else size.max(),
        "worst_index": _first(bad if bad.any() else size),
        "max_rel": math.inf if bad.any() else share.max(),
        "worst_rel_index": _first(bad if bad.any() else share),
    }


def _first(values):
    return (int(values.argmax()),) if values.any() else None


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
def test_every_figure_is_the_plain_one(kind, dtype, seed):
    """Pieces and float32 outlines change no figure, whatever is compared."""
    a, b = drawn(kind, dtype, 2000, np.random.default_rng(seed))
    with pytest.MonkeyPatch.context() as patch:
        for module in (pair, scratch):
            patch.setattr(module, "PIECE", 256)
        compared = compare(a, b)
    expected = plainly(a, b)
    buckets = expected.pop("histogram")
    assert {name: getattr(compared, name) for name in expected} == expected
    assert Counter(dict(enumerate(compared.histogram))) == buckets


def test_greatest_by_less_than_float32_tells(monkeypatch):
    """A share that is greater by 2**-24 of it is met in a later piece, where no difference is."""
    for module in (pair, scratch):
        monkeypatch.setattr(module, "PIECE", 4)
    b = torch.tensor([2.0, 2.0, 2.0, 2.0, 1 - 2**-24, 1.0, 1.0, 1.0])
    a = b + torch.tensor([2**-20, 0, 0, 0, -(2**-21), 0, 0, 0])
    compared = compare(a, b)
    assert (compared.worst_index, compared.worst_rel_index) == ((0,), (4,))
    assert compared.max_rel == 2**-21 / (1 - 2**-24)
