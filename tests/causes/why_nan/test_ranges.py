"""What formats make of small and large numbers, held against NumPy's float16 and float32."""

import numpy as np
import pytest
import torch

from workbook.causes.why_nan import RANGES, ranges
from workbook.experiment import run


@pytest.mark.parametrize("name", ["float16", "float32"])
@pytest.mark.parametrize("operation", [ranges.KEEP, ranges.SQUARE, ranges.RATIO])
def test_what_is_lost_is_what_numpy_loses(name: str, operation: str) -> None:
    """A result counts as lost where NumPy's is 0, infinite or NaN."""
    with np.errstate(all="ignore"):
        x = np.array([10.0**power for power in ranges.POWERS]).astype(name)
        result = {ranges.KEEP: lambda: x, ranges.SQUARE: lambda: x * x, ranges.RATIO: lambda: x / x}
        y = result[operation]()
    lost = int((~np.isfinite(y) | (y == 0)).sum())
    values = run(RANGES, operation=operation).finding.values
    assert values["left"][name] == lost
    assert values["NaN"][name] == int(np.isnan(y).sum())


def test_sixteen_bits_are_not_alike() -> None:
    """bfloat16 holds all of these numbers, float16 loses some at both ends."""
    words = run(RANGES).finding.values["words"]
    assert set(words["bfloat16"]) == {ranges.INSIDE}
    assert (words["float16"][0], words["float16"][-1]) == (ranges.ZERO, ranges.INFINITE)


def test_float8_without_infinity_saturates_or_is_nan() -> None:
    """A number beyond 448 is 448 or NaN in float8_e4m3fn, by the version of torch."""
    words = run(RANGES).finding.values["words"]["float8_e4m3fn"]
    assert words[-1] in (ranges.EDGE, ranges.NAN)


def test_the_numbers_of_the_page() -> None:
    """What the chapter says of formats in digits is what torch and NumPy say of them."""
    assert torch.finfo(torch.float16).max == 65504
    assert torch.finfo(torch.float8_e4m3fn).max == 448
    assert torch.finfo(torch.bfloat16).eps == 2**-7  # 0.0078
    assert 3.4e38 < float(np.finfo(np.float32).max) < 3.5e38
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.float32(89))) and np.isfinite(np.exp(np.float32(88)))
    assert np.float16(1e-4) > 0


@pytest.mark.parametrize("nan", [0, 3])
def test_the_verdict_is_that_of_every_version(nan: int) -> None:
    """Whether float8_e4m3fn saturates or is NaN, storing gives one verdict."""
    left = dict.fromkeys(ranges.FORMATS, 0) | {"float16": 3, "float8_e4m3fn": 6}
    born = dict.fromkeys(ranges.FORMATS, 0) | {"float8_e4m3fn": nan}
    words = "Some results leave the range of: float16, float8_e4m3fn."
    assert ranges._verdict(left, born) == words


def test_a_format_that_loses_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the wide formats only, the verdict says that all hold."""
    monkeypatch.setattr(ranges, "FORMATS", ("float64", "float32"))
    assert run(RANGES).verdict == "Every format holds all of these results."
