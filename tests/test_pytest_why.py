"""`pytest --why`: a failed test's report gets a section with the answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbook import pytest_why


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the hook for a test that failed or not; the report's sections, and what was typed."""
    typed: list[list[str]] = []

    def run(words: list[str], **more: Any) -> Any:
        typed.append(words)
        return SimpleNamespace(stdout="test_a.py::test_b: random.\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.delenv("WORKBOOK_RUN", raising=False)

    def made(*, failed: bool, asked: bool) -> tuple[list[tuple[str, str]], list[list[str]]]:
        config = SimpleNamespace(getoption=lambda name: asked, rootpath=Path("."))
        item: Any = SimpleNamespace(config=config, nodeid="test_a.py::test_b")
        shown = SimpleNamespace(when="call", failed=failed, sections=[])
        hook = pytest_why.pytest_runtest_makereport(item)
        next(hook)
        with pytest.raises(StopIteration):
            hook.send(SimpleNamespace(get_result=lambda: shown))
        return shown.sections, typed

    return made


def test_a_failed_test_gets_the_answer(report: Any) -> None:
    """The section holds what `python -m workbook diagnose NODE` says."""
    sections, typed = report(failed=True, asked=True)
    assert [text for _, text in sections] == ["test_a.py::test_b: random.\n"]
    assert typed == [[sys.executable, "-m", "workbook", "diagnose", "test_a.py::test_b"]]


@pytest.mark.parametrize(("failed", "asked"), [(False, True), (True, False)])
def test_nothing_is_asked_otherwise(report: Any, failed: bool, asked: bool) -> None:
    """A test that passed, or a session without the option, costs nothing."""
    assert report(failed=failed, asked=asked) == ([], [])


def test_a_session_of_the_diagnosis_does_not_ask(
    report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the option stands in a project's settings, its tests are not diagnosed in turn."""
    monkeypatch.setenv("WORKBOOK_RUN", "somewhere")
    assert report(failed=True, asked=True) == ([], [])
