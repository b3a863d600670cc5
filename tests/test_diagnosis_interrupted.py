"""Ctrl-C during a diagnosis: it ends at once, says what is known, and leaves no process."""

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


@pytest.mark.skipif(sys.platform != "linux", reason="the run's process is looked up in /proc")
def test_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    """A signal while the function sleeps ends the command without waiting, with a sentence."""
    note = tmp_path / "pid"
    (tmp_path / "slow.py").write_text(
        "import os, pathlib, time\n"
        f"def f():\n    pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "workbook", "diagnose", f"{tmp_path / 'slow.py'}:f"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not (note.exists() and note.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        took = time.monotonic() - start
    assert process.returncode == 2 and "interrupted" in said and "Traceback" not in said
    assert not _alive(int(note.read_text()))
    assert took < 10  # the function sleeps a hundred times as long
