"""Tests of a model: one fails at times, one only after another."""

import pytest
import torch
from torch.testing import assert_close


def test_double():
    """Leave the default dtype changed."""
    torch.set_default_dtype(torch.float64)
    assert torch.ones(1).dtype == torch.float64


def test_format():
    """Pass alone, and fail after the test above."""
    assert_close(torch.ones(3), torch.ones(3, dtype=torch.float32))


def test_half():
    """Pass, with a tolerance that half of a term gets lost in."""
    rows = torch.arange(12.0).reshape(3, 4)
    assert_close(rows.sum(), torch.tensor(66.0), rtol=0, atol=0.1)


def test_mean():
    """Compare the mean of random numbers with what it is on average."""
    assert torch.rand(1000).mean().item() == pytest.approx(0.5, abs=0.01)
