"""How far two results are apart, in words."""

from pathlib import Path

import torch

from workbook.diagnosis.probes.values import gap, load, save


def test_ulps_are_told_on_one_side_of_zero() -> None:
    """One step apart is 1 ULP; where a sign changed, all tiny ones would count: none is told."""
    one, other = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0 + 2.0**-23])
    assert "1 ULP)" in gap({"": one}, {"": other}, same=False, texts=True).words
    assert "ULP" not in gap({"": one}, {"": -other}, same=False, texts=True).words


def test_one_number_that_was_spread_is_kept(tmp_path: Path) -> None:
    """A view of one number with a stride of 0 has bytes as any tensor has."""
    spread = torch.tensor(7).expand(1)
    rows = save({"side": spread}, tmp_path, "result")
    assert [value.tolist() for value in load(rows, tmp_path, "result").values()] == [[7]]
