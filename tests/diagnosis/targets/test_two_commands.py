"""What of two command lines is laid side by side where they only print."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets.two_commands import Commands, apart, resumed

OURS, THEIRS = "epoch 1 loss 0.25 (12.3 s)\nuse 10 MB\n", "epoch 1 loss 0.25 (14.1 s)\nuse 11 MB\n"


def run(folder: Path, text: str, *read: float) -> Run:
    """A run that has printed a text, and has read these numbers from torch."""
    folder.mkdir()
    (folder / "printed.txt").write_text(text)
    (folder / "result-0.bin").touch()
    left = [
        {"values": [one], "count": number, "dtype": "float32"} for number, one in enumerate(read)
    ]
    return Run(folder, {"outcomes": [{"leaves": []}], "left": left})


@pytest.mark.parametrize(
    ("theirs", "same"), [(THEIRS, True), (THEIRS.replace("0.25", "0.5"), False)]
)
def test_printed_numbers_count_that_torch_gave(theirs: str, same: bool, tmp_path: Path) -> None:
    """Times and memory differ in every run, and are not compared where numbers of torch are."""
    ours = run(tmp_path / "ours", OURS, 0.25)
    other = run(tmp_path / "theirs", theirs, 0.5, 0.25)
    assert apart(ours, other).same is same


def test_of_a_program_without_torch_times_are_left_out(tmp_path: Path) -> None:
    """Nothing says which numbers are results; what has a unit of time is none."""
    ours, theirs = (text.replace("10", "11") for text in (OURS, THEIRS))
    assert apart(run(tmp_path / "ours", ours), run(tmp_path / "theirs", theirs)).same


def test_of_two_that_train_alike_the_printed_results_are_compared(tmp_path: Path) -> None:
    """Counts, what was typed, times, and what changes from run to run are no results."""
    text = "batch {} of {}, {} MB ({} s)\nerror {}\nloss 0.25\n"
    printed = [(16, "0.1", "7.5", "0.3", "0.125"), (64, "0.2", "8.5", "0.4", "0.375"),
               (16, "0.1", "8.2", "0.3", "0.125"), (64, "0.2", "9.2", "0.4", "0.375")]  # fmt: skip
    runs = [run(tmp_path / str(n), text.format(*row)) for n, row in enumerate(printed)]
    pair = Commands.__new__(Commands)
    pair.calm = runs[:2]
    typed = [SimpleNamespace(argv=("a.py", f"--part={part}")) for part in ("0.1", "0.2")]
    subject = SimpleNamespace(commands=typed)
    pair.session = cast("Session", SimpleNamespace(both=lambda *plans: runs[2:], subject=subject))
    assert pair.beside() == {"error #": [0]}


def trained(read: list[tuple[int, float]], *, of: range, saved: int = 0) -> Run:
    """A run of these steps, which reads numbers, each after one of its own steps."""
    rows = [[own, *([step] * 8)] for own, step in enumerate(of, 1)]
    left = [
        {"step": step, "line": "train.py:9", "how": "item", "dtype": "float32", "count": 1,
         "values": [value], "hash": ""}
        for step, value in read
    ]  # fmt: skip
    facts = {"facts": [], "counts": {}, "lists": {"steps": rows}}
    return Run(Path(), {"facts": [facts], "left": left, "saved": saved, "torch": True})


@pytest.mark.parametrize(
    ("whole", "again", "later", "cause"),
    [
        # what is read before the first step follows what was loaded, and step 5 is step 2 of it
        ([(0, 9.0), (5, 0.5)], [(0, 9.0), (5, 0.5)], [(0, 0.7), (2, 0.5)], "none"),
        ([(0, 9.0), (5, 0.5)], [(0, 9.0), (5, 0.5)], [(2, 0.25)], "checkpoint-incomplete"),
        ([(5, 0.5)], [(5, 0.5)], [(2, 0.5), (2, 0.25)], "none"),  # it reads once more
        ([(5, 0.5)], [(5, 0.75)], [(2, 0.25)], "none"),  # the first does not repeat itself
    ],
)
def test_what_is_read_beside_the_steps_has_to_go_on_as_well(
    whole: list[Any], again: list[Any], later: list[Any], cause: str
) -> None:
    """Steps that agree do not show averaged weights or a best value that begin anew."""
    runs = trained(whole, of=range(1, 7)), trained(again, of=range(1, 7))
    said: list[str] = []
    session = SimpleNamespace(
        both=lambda *plans: runs,
        run=lambda plan: trained(later, of=range(4, 7), saved=3),
        subject=SimpleNamespace(words="a and b", kind="resume"),
        surroundings=lambda run: None,
        note=said.append, tell=said.append, tried=[], notes=said,
    )  # fmt: skip
    answer = resumed(cast("Session", session))
    assert [found.cause for found in answer.causes] == [cause], answer.text()
    assert answer.causes[0].where == ("train.py:9" if cause != "none" else "")
