"""What of two command lines is laid side by side where they only print."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbook.diagnosis.process.run import Run
from workbook.diagnosis.targets.two_commands import apart

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
