"""Command lines, run as they were typed: where two runs part, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbook.diagnosis import Answer, diagnose

TRAIN = """
import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
epochs = parser.parse_args().epochs
open("log.txt", "a").write("begun\\n")
weight = torch.nn.Parameter(torch.ones(4))
optimizer = torch.optim.SGD([weight], lr=0.125)
for epoch in range(epochs):
    loss = ((weight - torch.rand(4)) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.3f}")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a script."""
    path = tmp_path_factory.mktemp("project")
    (path / "train.py").write_text(TRAIN)
    (path / "log.txt").write_text("mine\n")
    return path


@pytest.fixture(scope="module")
def answer(folder: Path) -> Answer:
    """The answer for a script with arguments that draws without a seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return diagnose(program=[sys.executable, "train.py", "--epochs", "3"])


def test_a_script_with_arguments_is_told_its_cause(answer: Answer) -> None:
    """An unseeded training script is answered with random-numbers, and the line that draws."""
    assert [one.cause for one in answer.causes] == ["random-numbers"]
    assert "train.py:11" in answer.causes[0].where


def test_the_first_printed_line_that_differs_is_shown(answer: Answer) -> None:
    """The first line whose numbers differ is line 1: it is named with both values."""
    assert any(
        note.startswith("The first printed line that differs is line 1: 'epoch 0: loss ")
        for note in answer.notes
    )


def test_numbers_that_leave_torch_are_seen_with_their_line(answer: Answer) -> None:
    """`loss.item()` on line 15 is the first number read from torch that differs."""
    assert any("read from torch that differs, at train.py:15" in note for note in answer.notes)


def test_a_command_changes_nothing_in_the_folder(answer: Answer, folder: Path) -> None:
    """What the script appends to a log lies elsewhere: the user's file is as it was."""
    assert answer.usable
    assert (folder / "log.txt").read_text() == "mine\n"
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "train.py"]
