"""What float64 costs."""

import numpy as np
import pytest
import torch

from workbook.causes.precision import cost
from workbook.causes.precision.cost import COST, OPERATIONS
from workbook.experiment import run


@pytest.mark.parametrize("side", [32, 64])
def test_bytes_are_numpys(side: int) -> None:
    """Both matrices take the bytes of NumPy's arrays of that shape and dtype."""
    values = run(COST, side=side).finding.values
    for name in ("float32", "float64"):
        assert values[name] == np.zeros((side, side), dtype=name).nbytes


def test_the_verdict_speaks_of_bytes_alone() -> None:
    """Times are this machine's and stay in the reading."""
    result = run(COST, side=32)
    assert result.verdict == "A float64 tensor takes twice the bytes of a float32 tensor."
    assert all(result.finding.values[name] > 0 for name in OPERATIONS)


def test_equal_sizes_would_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sizes were not one to two, the verdict would not claim it."""

    class Wide:
        """A stand-in for a tensor whose elements always take 8 bytes."""

        def __init__(self, tensor: torch.Tensor) -> None:
            self.tensor = tensor

        def to(self, *_: object) -> "Wide":
            """Stay as it is."""
            return self

        def element_size(self) -> int:
            """Always 8."""
            return 8

        def numel(self) -> int:
            """The number of elements."""
            return self.tensor.numel()

    monkeypatch.setattr(cost, "_shortest", lambda *_: 1.0)
    monkeypatch.setattr(cost.torch, "rand", lambda *shape: Wide(torch.ones(shape)))
    assert "does not take twice" in run(COST, side=32).verdict
