"""Parts of the diagnosis by themselves: ordered sets, switches that stay, runs without forks."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.diagnosis import Workers, diagnose
from workbook.diagnosis.interventions.sets import FilledSet, SortedSet


def test_a_filled_set_goes_through_its_elements_as_they_came() -> None:
    """Adding, joining and taking out keep the order; the result is a set in every other way."""
    seen = FilledSet("hello")
    seen |= {"z"}
    seen.add("h")
    assert list(seen) == ["h", "e", "l", "o", "z"]
    assert list(seen - {"e"}) == ["h", "l", "o", "z"]
    assert list(seen | FilledSet("ba")) == ["h", "e", "l", "o", "z", "b", "a"]
    assert seen.pop() == "h" and "h" not in seen and next(iter(seen.copy())) == "e"
    assert seen == {"e", "l", "o", "z"}


def test_a_sorted_set_is_sorted_also_of_mixed_types() -> None:
    """Numbers are sorted; elements that cannot be compared are ordered by type and text."""
    assert list(SortedSet([3, 1, 2]) | SortedSet([0])) == [0, 1, 2, 3]
    assert list(SortedSet([2, "b", 1])) == [1, 2, "b"]


HELD = """
import torch
from workbook.diagnosis.interventions import numerics
from workbook.diagnosis.interventions.intervention import Setting

run = Setting(on=frozenset(("full-precision", "cudnn-deterministic", "deterministic")))
for install in dict.fromkeys(row.install for row in numerics.ROWS if row.install):
    install(run)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
torch.set_float32_matmul_precision("medium")
torch.use_deterministic_algorithms(False)
with torch.backends.cudnn.flags(benchmark=True, allow_tf32=True):
    print(torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32)
print(torch.backends.cuda.matmul.allow_tf32, torch.get_float32_matmul_precision())
print(torch.backends.cudnn.deterministic, torch.are_deterministic_algorithms_enabled())
"""


def test_the_program_cannot_undo_a_switch() -> None:
    """What an intervention sets stays, whichever way the program sets it."""
    made = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=True
    ).stdout.split()
    assert made == ["False", "False", "False", "highest", "True", "True"]


@pytest.mark.parametrize("forks", [False, True])
def test_without_forks_the_answer_is_the_same(
    forks: bool, tmp_path: Path, workers: Workers
) -> None:
    """Where processes cannot be forked, each run gets a new one; large files are there, too.

    A program that leaves without a word is no result, and the next diagnosis works.
    """
    (tmp_path / "table.bin").write_bytes(bytes(range(256)) * 5000)
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "one.txt").write_text("4")
    (tmp_path / "p.py").write_text(
        "import pathlib, torch\n"
        "HERE = pathlib.Path(__file__).parent\n"
        "def f():\n"
        "    size = (HERE / 'table.bin').stat().st_size\n"
        "    rows = int((HERE / 'shards' / 'one.txt').read_text())\n"
        "    return torch.rand(rows) + size\n"
    )
    (tmp_path / "gone.py").write_text("import os\ndef f():\n    os._exit(3)\n")
    with contextlib.nullcontext(workers) if forks else Workers(forks=False) as used:
        gone = diagnose(f"{tmp_path / 'gone.py'}:f", workers=used)
        answer = diagnose(f"{tmp_path / 'p.py'}:f", workers=used)
    assert not gone.usable and "ended" in " ".join(gone.notes)
    assert [one.cause for one in answer.causes] == ["random-numbers"], answer.text()


@pytest.mark.parametrize("others", [3, 2100])
def test_what_a_run_writes_stays_out_of_the_folder(
    others: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Workers
) -> None:
    """No run leaves a file where it was started, however full; only what asks for it finds one."""
    for number in range(others):
        (tmp_path / f"image_{number}").write_text("1")
    (tmp_path / "p.py").write_text(
        "import os\n"
        "FOUND = os.path.exists('left.txt')\n"
        "def f():\n"
        "    open('left.txt', 'w').write('x')\n"
        "    return float(FOUND) + float(open('image_2').read())\n"
    )
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    (found,) = diagnose("p.py:f", workers=workers).causes
    assert (found.cause, found.where) == ("leftover-files", "left.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_small_difference_of_whole_numbers_is_no_rounding(
    tmp_path: Path, workers: Workers
) -> None:
    """One in 65,536 stays in float64: nothing explains it, and it is not taken for rounding."""
    (tmp_path / "p.py").write_text(
        "import torch\n"
        "def f():\n    return torch.full((4,), 65536.0)\n"
        "def g():\n    return torch.full((4,), 65537.0)\n"
    )
    answer = diagnose(f"{tmp_path / 'p.py'}:f", f"{tmp_path / 'p.py'}:g", workers=workers)
    assert answer.status == "unknown", answer.text()


def test_a_trace_function_costs_no_thread(tmp_path: Path, workers: Workers) -> None:
    """Threads of a program that is traced (by a debugger, by coverage) all run, in every run."""
    (tmp_path / "traced.py").write_text(
        "import threading\n"
        "threading.settrace(lambda *_: None)\n"
        "def count():\n"
        "    seen = []\n"
        "    for _ in range(200):\n"
        "        some = [threading.Thread(target=seen.append, args=(1,)) for _ in range(8)]\n"
        "        for one in some: one.start()\n"
        "        for one in some: one.join()\n"
        "    return len(seen)\n"
    )
    answer = diagnose(f"{tmp_path / 'traced.py'}:count", workers=workers)
    assert [one.cause for one in answer.causes] == ["none"], answer.text()
