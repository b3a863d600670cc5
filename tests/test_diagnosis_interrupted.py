"""A diagnosis that is ended: at once, with what is known, and without leaving a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z")


def _started(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """A diagnosis of a function that sleeps, and the file that its process writes its number to."""
    (folder / "slow.py").write_text(
        "import os, pathlib, time\n"
        "def f():\n    pathlib.Path('told/pid').write_text(str(os.getpid()))\n"
        "    time.sleep(1000)\n"
    )
    (folder / "scratch").mkdir()
    (folder / "told").mkdir()
    note = folder / "told" / "pid"
    command = [sys.executable, "-m", "workbook", "diagnose", f"{folder / 'slow.py'}:f"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder / "scratch"),
            "WORKBOOK_WRITABLE": str(folder / "told"),
        },
    )
    end = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.2)
    return process, note


@pytest.mark.skipif(sys.platform != "linux", reason="the run's process is looked up in /proc")
def test_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    """A signal while the function sleeps ends the command without waiting, with a sentence."""
    process, note = _started(tmp_path)
    with process:
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        took = time.monotonic() - start
    assert process.returncode == 2 and "interrupted" in said and "Traceback" not in said
    assert not _alive(int(note.read_text()))
    assert took < 10  # the function sleeps a hundred times as long
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the run's process is looked up in /proc")
@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGKILL))
def test_nothing_runs_on_for_nobody(tmp_path: Path, how: signal.Signals) -> None:
    """Whatever ends the command ends the function; SIGTERM, which can be heard, leaves no file."""
    process, note = _started(tmp_path)
    with process:
        process.send_signal(how)
        process.communicate(timeout=20)
    end = time.monotonic() + 20
    while _alive(int(note.read_text())) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _alive(int(note.read_text()))
    assert how is signal.SIGKILL or not list((tmp_path / "scratch").iterdir())
