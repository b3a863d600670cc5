"""One matrix product by two libraries in two formats."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from workbook.causes.precision import four_products
from workbook.causes.precision.four_products import CHANGED, FOUR_PRODUCTS, PRINTED
from workbook.experiment import run

KEY = "torch float32 / torch float64"


def test_as_printed_numpy_is_float32() -> None:
    """The array of a float32 tensor is float32, and so is NumPy's product."""
    assert torch.rand(2, 2).numpy().dtype == np.float32
    assert run(FOUR_PRODUCTS, version=PRINTED).verdict.startswith("NumPy computed in float32 too")


@pytest.mark.parametrize("size", [16, 64, 256])
@pytest.mark.parametrize("seed", range(2))
def test_the_format_tells_results_apart(seed: int, size: int) -> None:
    """With both formats in both libraries, only float32 differs from float64."""
    result = run(FOUR_PRODUCTS, version=CHANGED, seed=seed, size=size)
    assert result.verdict.startswith("In float64 the two libraries agree")


def test_every_difference_is_rounding() -> None:
    """No pair is further apart than the bounds of its two formats."""
    for found in run(FOUR_PRODUCTS, version=CHANGED).finding.comparisons:
        assert found.verdict in ("identical", "rounding")


def test_the_difference_is_that_of_exact_arithmetic() -> None:
    """For a small size, fractions give the error of float32 that torch float64 shows."""
    torch.manual_seed(0)
    a, b = (2 * torch.rand(2, 16, 16) - 1).tolist()
    exact = [
        [
            sum(Fraction(x) * Fraction(row[j]) for x, row in zip(line, b, strict=True))
            for j in range(16)
        ]
        for line in a
    ]
    single = (torch.tensor(a) @ torch.tensor(b)).tolist()
    worst = max(
        abs(Fraction(s) - e)
        for line, others in zip(single, exact, strict=True)
        for s, e in zip(line, others, strict=True)
    )
    found = run(FOUR_PRODUCTS, size=16, seed=0).finding.values[KEY]
    assert found == pytest.approx(float(worst), rel=1e-6)


def test_other_outcomes_are_said() -> None:
    """NumPy in float64, and formats that tell nothing apart, have sentences of their own."""
    assert "NumPy computed in float64" in four_products._printed(torch.float64)
    alike = {"torch float64 / NumPy float64": 1e-7, "torch float32 / NumPy float64": 1e-7}
    assert "do not tell" in four_products._four(alike)


def test_a_wrong_product_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that are further apart than the bounds are more than rounding."""
    tight = four_products.matmul_bound
    monkeypatch.setattr(
        four_products, "matmul_bound", lambda a, b, dtype: tight(a / 1e4, b / 1e4, dtype)
    )
    assert "further apart" in run(FOUR_PRODUCTS, version=CHANGED).verdict
