"""Where the difference of two short products comes from."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from workbook.causes.precision.literals import BINARY, LITERALS, PRINTED, VERSIONS
from workbook.experiment import run


def parts(version: str, dtype: str = "float32") -> list[list[float]]:
    """The two parts of the difference, for each product."""
    found: list[list[float]] = run(LITERALS, version=version, dtype=dtype).finding.values[
        "by product"
    ]
    return found


def test_as_printed_no_product_is_rounded() -> None:
    """The part of the multiplication is exactly zero, three times."""
    assert parts(PRINTED)[1] == [0.0, 0.0, 0.0]


def test_as_printed_all_is_storage() -> None:
    """The part of storing is the exact error of NumPy's float32 literals."""
    expected = [
        float(whole * (Fraction(float(np.float32(x))) - Fraction(x)))
        for whole, x in ((1, 0.1), (2, 0.2), (3, 0.3))
    ]
    assert parts(PRINTED)[0] == expected
    assert "nothing can accumulate" in run(LITERALS).verdict


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_parts_add_up_to_the_difference(version: str, dtype: str) -> None:
    """Storing and multiplying together are what the two programs' outputs differ by."""
    whole, literals = VERSIONS[version]
    low = torch.tensor(whole, dtype=getattr(torch, dtype)) * torch.tensor(
        literals, dtype=getattr(torch, dtype)
    )
    high = torch.tensor(whole, dtype=torch.float64) * torch.tensor(literals, dtype=torch.float64)
    total = [a + b for a, b in zip(*parts(version, dtype), strict=True)]
    # float64 rounds its products too: half an ULP of numbers up to 4.
    assert np.allclose(total, (low.double() - high).numpy(), rtol=0, atol=2.0**-52)


def test_numbers_exact_in_binary_do_not_differ() -> None:
    """Eighths are the same in every format."""
    assert run(LITERALS, version=BINARY).verdict.startswith("No difference")


def test_in_16_bits_products_are_rounded_too() -> None:
    """Three times the stored 0.3 needs more bits than float16 has."""
    assert run(LITERALS, dtype="float16").verdict.startswith("Part of the difference")
    assert run(LITERALS, dtype="float16").finding.comparisons[0].identical
