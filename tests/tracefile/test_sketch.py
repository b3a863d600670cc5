"""Sketches: the distance of two tensors from nine numbers each, with torch's norm as the oracle."""

import math

import pytest
import torch

from workbook.tracefile.sketch import LEAST, MOST, distance, sketched

N = 20_000


def _change(name: str, x: torch.Tensor) -> torch.Tensor:
    changed = x.clone()
    if name == "one element":
        changed[7] += 1
    elif name == "one ULP":
        changed = torch.nextafter(x, torch.full_like(x, math.inf))
    elif name == "bfloat16":
        changed = x.to(torch.bfloat16).to(x.dtype)
    elif name == "rows permuted":
        changed = x.view(100, -1).flip(0).reshape(-1)
    elif name == "sign":
        changed = -x
    return changed


@pytest.mark.parametrize("name", ["one element", "one ULP", "bfloat16", "rows permuted", "sign"])
def test_the_distance_is_that_of_the_tensors(name: str) -> None:
    """Each kind of change is seen, and its size within the stated factors."""
    x = torch.rand(N, generator=torch.Generator().manual_seed(0)) - 0.5
    other = _change(name, x)
    true = float((x.double() - other.double()).norm())
    assert LEAST <= true / distance(sketched(x), sketched(other)) <= MOST


@pytest.mark.parametrize("size", [1, 64, 65_536, 65_537, 200_000])
def test_the_distance_holds_for_every_length(size: int) -> None:
    """Also beyond the length of the signs' table: half of the elements are moved."""
    x = torch.rand(size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    other = x.clone()
    other[: size // 2 + 1] += 0.25
    true = float((x - other).norm())
    assert LEAST <= true / distance(sketched(x), sketched(other)) <= MOST


def test_strides_and_devices_do_not_count() -> None:
    """A transposed view has the sums of its copy."""
    x = torch.arange(600.0).view(20, 30).t()
    assert sketched(x) == sketched(x.contiguous())


def test_a_value_out_of_range_makes_no_distance() -> None:
    """Where an element is infinite the norm says so, and the distance is NaN."""
    x = torch.ones(100)
    other = x.clone()
    other[3] = math.inf
    assert math.isinf(sketched(other)[0])
    assert math.isnan(distance(sketched(x), sketched(other)))
