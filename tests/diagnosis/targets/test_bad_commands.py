"""Command lines that are hard to look at: what ends them is said, and nothing is left running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diagnosis.ending import wait_for_end
from workbook.__main__ import main
from workbook.diagnosis import Workers, diagnose

WAITS = """
import os, pathlib, subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(10**6)"],
                         start_new_session=True)
pathlib.Path("told/new").write_text(f"{os.getpid()} {child.pid}")
os.rename("told/new", "told/pids")
"""


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, which is the current one; its folder `told` is written for real."""
    (tmp_path / "told").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBOOK_WRITABLE", str(tmp_path / "told"))
    return tmp_path


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Processes of this file's own: no lines are counted in what its tests start."""
    with Workers() as own:
        yield own


@pytest.mark.uncounted  # who counts lines fails where its file may not be written
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit(3)", "ended with exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("input('name?')", "reads from the terminal"),
        ("raise ModuleNotFoundError(\"No module named 'torch'\")", "activate the environment"),
        ("open('/etc/workbook', 'w')", "/etc"),
    ],
)
def test_a_command_that_cannot_be_looked_at_is_one_sentence(
    program: str, told: str, workers: Workers
) -> None:
    """What ended the command is said, and the answer cannot be used."""
    answer = diagnose(program=[sys.executable, "-c", program], workers=workers)
    assert not answer.usable
    assert any(told in note for note in answer.notes), answer.notes


def test_no_such_program_is_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first word is no program: one line says so."""
    before = sorted(folder.rglob("*"))
    assert main(["diagnose", "--", "no-such-program-anywhere", "x"]) == 2
    printed, said = capsys.readouterr()
    assert not printed and "no program 'no-such-program-anywhere'" in said
    assert sorted(folder.rglob("*")) == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "python",
    [[sys.executable, "-S"], [sys.executable, "-E"], [sys.executable, "-I"],
     ["env", "-i", sys.executable]],
    ids=lambda words: Path(words[0]).name + " " + words[1],
)  # fmt: skip
def test_torch_that_was_never_seen_is_said(python: list[str], workers: Workers) -> None:
    """A Python that reads no environment, or has none, reaches no hook: the answer says so."""
    answer = diagnose(program=[*python, "-c", "print(1)"], workers=workers)
    assert any("torch was never seen" in note for note in answer.notes)


@pytest.mark.usefixtures("folder")
def test_a_command_that_opens_a_port_is_run_by_itself() -> None:
    """From the run on in which a port was seen, one run goes on at a time; that is said."""
    program = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(1)"
    with Workers(lanes=4) as several:
        answer = diagnose(program=[sys.executable, "-c", program], workers=several)
        assert several.lanes == 1
    assert any("opens port" in note for note in answer.notes)


@LINUX
def test_what_a_command_leaves_running_is_ended(folder: Path) -> None:
    """A process in a session of its own, left by a command that ended, ends with the run."""
    diagnose(program=[sys.executable, "-c", WAITS])
    _nothing_left(folder)


@pytest.mark.uncounted  # who counts lines writes a file for each process, under another name
@pytest.mark.usefixtures("folder")
def test_a_command_that_forks_is_one_run(workers: Workers) -> None:
    """What parent and child print is compared like anything that is printed."""
    program = "import os\nif os.fork(): os.wait()\nprint(1)"
    answer = diagnose(program=[sys.executable, "-c", program], workers=workers)
    assert answer.usable and answer.status == "identical"


ENDLESS = [sys.executable, "-c", f"{WAITS}\nthreading.Event().wait()"]


def _nothing_left(folder: Path) -> None:
    """Wait until the command and what it started are gone."""
    pids = [int(word) for word in (folder / "told" / "pids").read_text().split()]
    wait_for_end(*pids)


@LINUX
def test_ctrl_c_ends_a_command_with_all_that_it_started(folder: Path) -> None:
    """A child in a session of its own ends, too; one sentence, and status 2."""
    with subprocess.Popen(
        [sys.executable, "-m", "workbook", "diagnose", "--timeout", "86400", "--", *ENDLESS],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while not (folder / "told" / "pids").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert process.returncode == 2
    assert "interrupted" in said and "Traceback" not in said
    _nothing_left(folder)


@LINUX
def test_a_command_that_never_ends_is_ended_with_all_that_it_started(folder: Path) -> None:
    """The answer says that it had not ended, and cannot be used."""
    seconds = 1.0  # doubled on a busy machine, until the command has begun
    while not (folder / "told" / "pids").exists():
        answer = diagnose(program=ENDLESS, timeout=seconds)
        seconds *= 2
    assert not answer.usable and "had not ended" in answer.notes[0]
    _nothing_left(folder)
