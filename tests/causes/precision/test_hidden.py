"""What hides behind a limit: counted, and missing for real."""

import numpy as np
import pytest
import torch

from workbook.causes.precision import hidden
from workbook.causes.precision.hidden import CERTAIN, CLOSE, HIDDEN, LENGTHS, LIKELY, NUMBERS, TORCH
from workbook.experiment import run


@pytest.mark.parametrize("numbers", NUMBERS)
def test_any_order_hides_n_squared_roundings(numbers: str) -> None:
    """Two sums of n numbers in any order hide 2 (n - 1) n u / (1 + u) of them."""
    counts = run(HIDDEN, numbers=numbers).finding.values[CERTAIN]
    expected = [2 * (n - 1) * n * 2.0**-24 for n in LENGTHS]
    np.testing.assert_allclose(counts, expected, rtol=1e-5)


def test_each_limit_hides_less_than_the_wider_one() -> None:
    """What torch's own sum hides is a few numbers, the likely limit some hundreds."""
    values = run(HIDDEN).finding.values
    assert values[TORCH][-1] < 50 < values[LIKELY][-1] < 2000 < values[CERTAIN][-1]
    assert all(a <= b for a, b in zip(values[LIKELY], values[CERTAIN], strict=True))


def test_assert_close_hides_what_torch_documents() -> None:
    """Its limit is rtol |expected| + atol: a number a little farther off is refused, by torch."""
    count = run(HIDDEN).finding.values[CLOSE][-1]
    torch.manual_seed(0)
    x = torch.rand(LENGTHS[-1])
    total, most = x.double().sum(), count * x.double().mean()
    options = {"rtol": 1.3e-6, "atol": 1e-5}
    torch.testing.assert_close(total + 0.999 * most, total, **options)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(total + 1.001 * most, total, **options)


def test_an_unknown_depth_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the depth of torch's sum is not known, a tenth can hide behind it too."""
    bound = hidden.sum_bound
    monkeypatch.setattr(hidden, "sum_bound", lambda x, fmt, depth="any": bound(x, fmt, depth="any"))
    assert run(HIDDEN).verdict.startswith("The depth of torch's own sum is not known here")
