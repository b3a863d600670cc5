"""The error of matrix products in four formats."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from workbook.causes.precision import matmul_error
from workbook.causes.precision.matmul_error import ENTRIES, FORMATS, LENGTHS, MATMUL_ERROR
from workbook.experiment import run
from workbook.floats import round_to


@pytest.mark.parametrize("entries", ENTRIES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_error_is_within_its_bound(name: str, entries: str) -> None:
    """In each format and for each range of entries, the verdict is rounding."""
    result = run(MATMUL_ERROR, format=name, entries=entries)
    assert result.verdict.startswith(f"Every {name} product stays within")
    assert result.finding.comparisons[0].bound_used <= 1


def test_the_certain_bound_is_n_roundings() -> None:
    """For float32 it is (1 + u)**n - 1 with u = 2**-24."""
    limits = run(MATMUL_ERROR).finding.values["certain"]
    for length, limit in zip(LENGTHS, limits, strict=True):
        assert limit == pytest.approx(float((1 + Fraction(2) ** -24) ** length - 1), rel=1e-9)


def test_the_likely_bound_is_never_the_wider_one() -> None:
    """It is at most the certain one, and far below it for the longest sums."""
    values = run(MATMUL_ERROR).finding.values
    assert all(a <= b for a, b in zip(values["likely"], values["certain"], strict=True))
    assert values["likely"][-1] < values["certain"][-1] / 5


def test_sums_of_two_err_by_at_most_three_roundings() -> None:
    """For n = 2 the error is positive and within three roundings, as NumPy's is."""
    torch.manual_seed(0)
    a, b = torch.rand(8, LENGTHS[-1]).numpy()[:, :2], torch.rand(LENGTHS[-1], 8).numpy()[:2]
    exact = a.astype(np.float64) @ b.astype(np.float64)
    numpys = np.max(np.abs(a[:, :1] * b[:1] + a[:, 1:] * b[1:] - exact) / exact)
    found = run(MATMUL_ERROR).finding.values["float32"][0]
    assert 0 < found <= 3 * 2**-24
    assert 0 < numpys <= 3 * 2**-24


def test_tf32_loses_thirteen_bits() -> None:
    """With 10 bits of fraction instead of 23, short products are a thousand times worse."""
    values = run(MATMUL_ERROR).finding.values
    assert 500 < values["tf32"][0] / values["float32"][0] < 50_000


def test_more_than_rounding_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs rounded to fewer bits than the bound allows for are not called rounding."""
    monkeypatch.setattr(matmul_error, "round_to", lambda x, _: round_to(x, "float8_e4m3fn"))
    assert "more than rounding" in run(MATMUL_ERROR, format="tf32").verdict
