"""What a program reads from its tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workbook.diagnosis.probes import leaving

COMPARES = ("__lt__", "__le__", "__gt__", "__ge__")


@pytest.mark.parametrize(("sides", "dtype"), [(True, "float32"), (False, "bool")])
def test_a_comparison_is_read_by_its_number(
    monkeypatch: pytest.MonkeyPatch, sides: bool, dtype: str
) -> None:
    """Two losses below a limit are two numbers, where the truth of both is one."""
    for name in (*leaving._READERS, *COMPARES):
        monkeypatch.setattr(torch.Tensor, name, getattr(torch.Tensor, name))
    rows: list[dict[str, Any]] = []
    leaving.watch(lambda kind, **row: rows.append(row), sides=sides)
    for loss in (0.25, 0.5):
        assert torch.tensor(loss) < 1
    assert [row["dtype"] for row in rows] == [dtype] * 2
    assert [row["values"][0] for row in rows] == ([0.25, 0.5] if sides else [1, 1])
