"""What is read without waiting: the words, with programs that stand in for a device's."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from workbook.causes.cudnn import hazards
from workbook.causes.cudnn.hazards import ASYNCHRONOUS, do_not_wait
from workbook.experiment import run

ONES, ZEROS = torch.ones(4), torch.zeros(4)


def judged(monkeypatch: pytest.MonkeyPatch, program: Any) -> Any:
    """The finding about one program, as on a device that runs beside the host."""
    monkeypatch.setattr(hazards, "PROGRAMS", {"program": program})
    where: Any = SimpleNamespace(torch_device=SimpleNamespace(type="cuda"))
    return do_not_wait(where)


def test_a_cpu_has_nothing_to_wait_for() -> None:
    """On a CPU no program runs, and the figure says so in each row."""
    result = run(ASYNCHRONOUS)
    assert result.finding.values["wrong"] == {}
    assert {word for line in result.finding.chart.panels[0].text for word in line} == {"not here"}  # type: ignore[union-attr]


def test_a_value_that_came_too_late_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old values are counted as wrong ones, in the column without the wait alone."""
    found = judged(monkeypatch, lambda device, wait: ONES if wait else ZEROS)
    assert found.values["wrong"] == {"program": {"with the wait": 0, "without it": 20}}
    assert found.verdict == "With the wait every value is right; without it nothing is promised."


def test_one_late_element_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mixture of old and new values is wrong."""
    mixed = torch.tensor([1.0, 1.0, 0.0, 1.0])
    found = judged(monkeypatch, lambda device, wait: ONES if wait else mixed)
    assert found.values["wrong_without"] == ["program"]


def test_a_race_that_was_won_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no value was wrong, the verdict is the same: it holds on every machine."""
    found = judged(monkeypatch, lambda device, wait: ONES)
    assert found.verdict == "With the wait every value is right; without it nothing is promised."


def test_a_wait_that_does_not_help_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is wrong with the wait is no matter of waiting."""
    found = judged(monkeypatch, lambda device, wait: ZEROS)
    assert found.verdict == "A value is wrong even with the wait."
