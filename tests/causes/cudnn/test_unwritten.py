"""Memory that was never written: filled under the flag, read by one driver."""

import pytest
import torch
from torch import Tensor

from workbook.causes.cudnn import unwritten
from workbook.causes.cudnn.unwritten import BOTH, FILLED, MAKERS, OFF, UNWRITTEN
from workbook.experiment import run


def test_the_flag_fills_fresh_memory() -> None:
    """Under deterministic algorithms fresh memory is NaN, in each way of making it."""
    filled = run(FILLED).finding.values["filled"]
    assert filled[BOTH] == dict.fromkeys(MAKERS, True)


def test_filling_can_be_switched_off() -> None:
    """With filling off, memory of zeros that is taken again holds no NaN."""
    values = run(FILLED).finding.values
    assert not all(values["filled"][OFF].values())


def test_memory_that_is_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A maker that the flag does not reach changes the verdict."""
    monkeypatch.setitem(unwritten.MAKERS, "torch.empty", torch.zeros_like)
    assert run(FILLED).verdict == "Deterministic algorithms leave some fresh memory as it was."


def test_gelsd_has_no_use_for_what_memory_held() -> None:
    """The driver that writes all that it reads gives one result."""
    assert run(UNWRITTEN).finding.values["gelsd"] == 1


def test_the_problem_is_solved() -> None:
    """What is repeated is the solution that NumPy finds."""
    a, b = torch.rand(30, 30), torch.rand(30, 2)
    exact = torch.linalg.solve(a.double(), b.double())
    assert torch.allclose(torch.linalg.lstsq(a, b).solution.double(), exact, atol=1e-2)


def test_a_driver_that_reads_old_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were gelsd to follow what memory held, the verdict would say so."""

    def follows(value: int, a: Tensor, b: Tensor, driver: str) -> int:
        return value

    monkeypatch.setattr(unwritten, "_after", follows)
    assert run(UNWRITTEN).verdict.startswith("What freed memory held changed bits")
