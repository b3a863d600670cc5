"""The gradient of a decomposition against a quotient of differences, and its growth."""

from __future__ import annotations

import torch

from workbook.causes.autograd.close_values import CLOSE_VALUES
from workbook.experiment import run


def test_the_gradient_grows_as_the_gap_shrinks() -> None:
    """1 / (s1**2 - s2**2): the gap between the squares of 2 and 2 - 1/n is about 4 / n."""
    for gap in (64, 1024, 4096):
        growth = run(CLOSE_VALUES, gap=gap).finding.values["growth"]
        expected = (4 - (2 - 1 / 2) ** 2) / (4 - (2 - 1 / gap) ** 2)
        assert torch.isclose(torch.tensor(growth), torch.tensor(expected), rtol=0.1)


def test_a_wide_gap_is_called_moderate() -> None:
    """The verdict follows the setting."""
    assert "moderate" in run(CLOSE_VALUES, gap=2).verdict
    assert "larger" in run(CLOSE_VALUES).verdict
