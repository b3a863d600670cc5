"""What PyTorch's note on numerical accuracy states: slices, overflow, ill-conditioned systems."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from workbook.causes.precision.conditioning import ILL_CONDITIONED, hilbert
from workbook.causes.precision.overflow import FINITE, LEFT, OVERFLOW
from workbook.causes.precision.slices import OPERATIONS, PRINTED, SLICES
from workbook.causes.precision.sum_order import MANY_NUMBERS
from workbook.experiment import run


def test_hilberts_matrix_is_the_rounded_one() -> None:
    """Each entry is the float64 nearest to 1 / (i + j + 1), as Python's fractions give it."""
    expected = [[float(Fraction(1, i + j + 1)) for j in range(5)] for i in range(5)]
    assert torch.equal(hilbert(5), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize(("size", "dtype", "lost"), [(10, "float32", True), (10, "float64", False)])
def test_the_format_decides_whether_digits_are_left(size: int, dtype: str, lost: bool) -> None:
    """The same system keeps digits in float64 and none in float32, and nothing is warned."""
    values = run(ILL_CONDITIONED, size=size, dtype=dtype).finding.values
    assert (values["lost"], values["warnings"]) == (lost, 0)


def test_the_norm_of_large_numbers_is_right_in_float64() -> None:
    """math.hypot, which scales its arguments, is the oracle."""
    result = run(OVERFLOW)
    assert dict(result.finding.values) == {"float32": LEFT, "float64": FINITE}
    assert f"{math.hypot(1e20, 1e20):.3g}" in result.finding.reading


@pytest.mark.parametrize("operation", OPERATIONS)
def test_only_the_printed_example_compares_other_numbers(operation: str) -> None:
    """A row selected before or after is the same up to rounding; a column is no row."""
    word = run(SLICES, operation=operation).finding.values["word"]
    assert (word == "wrong") == (operation == PRINTED)


def test_float64_on_an_accelerator_without_it_is_bounded_in_float32() -> None:
    """Its sums are float32's, whatever their label, and lie far beyond a CPU's float64 bound."""
    there, here = (
        run(MANY_NUMBERS, device=device, dtype="float64").finding.comparisons[0]
        for device in ("simulated", "cpu")
    )
    assert {there.verdict, here.verdict} == {"rounding"} and there.max_abs > 1e6 * here.max_abs
