"""A diagnosis that is ended: at once, with what is known, and without leaving a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.diagnosis.ending import alive, wait_for_end

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the run's process is looked up in /proc"),
    pytest.mark.uncounted,
]
# Nothing here has a time limit: the function never returns, so whatever ends was ended.
ENDLESS = """
import os, pathlib, threading
def f():
    pathlib.Path('told/new').write_text(str(os.getpid()))
    os.rename('told/new', 'told/pid')
    threading.Event().wait()
"""


def _started(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A diagnosis of a function that waits for ever, and the number of the process it runs in."""
    (folder / "endless.py").write_text(ENDLESS)
    (folder / "scratch").mkdir()
    (folder / "told").mkdir()
    command = [sys.executable, "-m", "workbook", "diagnose", f"{folder / 'endless.py'}:f"]
    process = subprocess.Popen(
        [*command, "--timeout", "86400"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        # A shell that runs tests in the background has Ctrl-C ignored; the command would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={
            **os.environ,
            "TMPDIR": str(folder / "scratch"),
            "WORKBOOK_WRITABLE": str(folder / "told"),
        },
    )
    while not (folder / "told" / "pid").exists():
        assert process.poll() is None
        time.sleep(0.05)
    return process, int((folder / "told" / "pid").read_text())


def test_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    """A signal while the function waits ends the command without waiting, with a sentence."""
    process, running = _started(tmp_path)
    with process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 2 and "interrupted" in said and "Traceback" not in said
    assert not alive(running)
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGKILL))
def test_nothing_runs_on_for_nobody(tmp_path: Path, how: signal.Signals) -> None:
    """Whatever ends the command ends the function; SIGTERM, which can be heard, leaves no file."""
    process, running = _started(tmp_path)
    with process:
        process.send_signal(how)
        process.communicate()
    wait_for_end(running)
    assert how is signal.SIGKILL or not list((tmp_path / "scratch").iterdir())
