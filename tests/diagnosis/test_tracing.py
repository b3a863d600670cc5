"""The command `trace`, and two "machines" on this one: processes under other conditions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from workbook.__main__ import main
from workbook.tracefile import container
from workbook.tracefile.report import report

PROGRAM = Path(__file__).parents[1] / "tracefile" / "program.py"
# Another machine's settings; `MKL_CBWR` gets a value that it does not have here.
PATH = "COMPATIBLE" if os.environ.get("MKL_CBWR") != "COMPATIBLE" else "AUTO"
OTHER = {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1", "MKL_CBWR": PATH}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One training, recorded in a process as this one and in one as on another machine."""
    folder = tmp_path_factory.mktemp("machines")
    for name, variables in (("here", {}), ("there", OTHER)):
        words = ["-m", "workbook", "trace", "-o", f"{name}.wbt", f"{PROGRAM}:train"]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
        subprocess.run([sys.executable, *words], cwd=folder, env=env, check=True)
    return folder / "here.wbt", folder / "there.wbt"


def test_two_machines_differ_by_rounding_or_not_at_all(machines: tuple[Path, Path]) -> None:
    """Whatever this CPU has: the draws agree, and what differs is rounding."""
    found = report(*machines)
    assert found.status in ("identical", "rounding")
    same = [list(container.load(path).columns["hashes"]) for path in machines]
    assert (found.status == "identical") == (same[0] == same[1])


def test_the_conditions_travel_inside(machines: tuple[Path, Path]) -> None:
    """The variable that was set is named as a condition that differs."""
    text = report(*machines).text()
    assert "  - MKL_CBWR: " in text and f" -> {PATH}" in text
    assert "files of the program" not in text


def test_no_tensor_and_no_folder_is_in_the_file(machines: tuple[Path, Path]) -> None:
    """The bytes of a parameter and the path of the program are nowhere in it."""
    with zipfile.ZipFile(machines[0]) as file:
        everything = b"".join(file.read(name) for name in file.namelist())
    torch.manual_seed(0)
    assert torch.rand(32, 64).numpy().tobytes()[:16] not in everything
    assert str(PROGRAM.parent).encode() not in everything


def test_showing_says_what_is_in_a_file(
    machines: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Target, counts, facts, and that no tensor is in it."""
    assert main(["trace", "--show", str(machines[0])]) == 0
    told = capsys.readouterr().out
    assert told.startswith("program.py:train, recorded ")
    assert "No tensor is in it." in told and f"torch: {torch.__version__}" in told


def test_a_change_in_the_program_is_found_on_any_machine(
    machines: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording of another seed, made in this process, parts at the draw."""
    path = tmp_path / "shifted.wbt"
    assert main(["trace", "-o", str(path), f"{PROGRAM}:shifted"]) == 0
    capsys.readouterr()
    assert main(["diagnose", "--json", str(machines[0]), str(path)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "random"
    assert "program.py:9" in answer["notes"][0]


def test_a_program_that_fails_leaves_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its operations up to the error are in the file, and so is the error."""
    path, key = tmp_path / "fails.wbt", tmp_path / "key"
    key.write_text("a long secret")
    options = ["--key", str(key), "--no-lines"]
    assert main(["trace", *options, "-o", str(path), f"{PROGRAM}:fails"]) == 0
    read = container.load(path)
    assert [entry.line for entry in read.entries()] == ["", ""]
    assert (read.head["ended"], read.head["files"]) == ("RuntimeError", {})
    assert len(read.head["key"]) == 12
    capsys.readouterr()


def test_a_command_line_is_recorded_as_it_was_typed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its arguments reach it, what it prints is printed, and an error that ended it is kept."""
    path, script = tmp_path / "run.wbt", tmp_path / "script.py"
    script.write_text(
        "import sys, torch\nprint(torch.rand(int(sys.argv[1])).sum() > 0)\nraise KeyError('end')\n"
    )
    assert main(["trace", "-o", str(path), "--", sys.executable, str(script), "70"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("tensor(True)\n")
    assert "the program ended early: KeyError: 'end'" in out
    read = container.load(path)
    first = next(read.entries())
    assert (first.name, first.line, first.kinds) == (
        "aten.rand.default",
        "script.py:2",
        ("float32[70]",),
    )
    assert set(read.head["files"]) == {"script.py"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trace"], "python -m workbook trace -o here.wbt FILE.py:FUNCTION, or"),
        (["trace", "-o", "x.pt", f"{PROGRAM}:train"], "a trace file's name ends in .wbt"),
        (["trace", "-o", "x.wbt", "--", "no-such-program"], "cannot be run: No such file"),
        (["trace", "-o", "x.wbt", "--", sys.executable, "-S", "-c", "0"], "no Python that can be"),
        (["trace", "-o", "x.wbt", "nowhere.py:f"], "there is no file 'nowhere.py'"),
        (["trace", "-o", "x.wbt", f"{PROGRAM}:nothing"], "has no function 'nothing'"),
        (["trace", "-o", "x.wbt", "--operations", "0", f"{PROGRAM}:train"], "at least 1, got 0"),
        (["diagnose", "x.wbt"], "two trace files are compared"),
    ],
)
def test_bad_words_are_answered_with_a_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 2, and the line says what to type."""
    assert main(words) == 2
    assert said in capsys.readouterr().err
