"""How far two results are apart, in words."""

import torch

from workbook.diagnosis.probes.values import gap


def test_ulps_are_told_on_one_side_of_zero() -> None:
    """One step apart is 1 ULP; where a sign changed, all tiny ones would count: none is told."""
    one, other = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0 + 2.0**-23])
    assert "1 ULP)" in gap({"": one}, {"": other}, same=False, texts=True).words
    assert "ULP" not in gap({"": one}, {"": -other}, same=False, texts=True).words
