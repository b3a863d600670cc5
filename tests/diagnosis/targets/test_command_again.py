"""Command lines that cannot be looked at; the page on what to type has those that can."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbook.diagnosis import diagnose


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit(3)", "ended with exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("input('name?')", "reads from the terminal"),
        ("open('/etc/workbook', 'w')", "/etc"),
    ],
)
def test_a_command_that_cannot_be_looked_at_is_one_sentence(program: str, told: str) -> None:
    """What ended the command is said, and the answer cannot be used."""
    answer = diagnose(program=[sys.executable, "-c", program])
    assert not answer.usable
    assert any(told in note for note in answer.notes)


@pytest.mark.usefixtures("folder")
def test_torch_that_was_never_seen_is_said() -> None:
    """Where Python is started without its site module, no hook is reached: that is an answer."""
    answer = diagnose(program=[sys.executable, "-S", "-c", "print(1)"])
    assert any("torch was never seen" in note for note in answer.notes)
