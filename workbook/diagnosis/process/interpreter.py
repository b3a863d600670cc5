"""One child process that runs the user's code, from the side that asks.

Owns starting it, the wire to it, and ending it with everything that it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any


class OutOfTime(Exception):
    """The time for the whole diagnosis is used up."""


class Interpreter:
    """A child process with one hash seed; `ask` carries out one request after the other."""

    def __init__(self, hash_seed: int, folder: Path, *, forks: bool) -> None:
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "TMPDIR": str(folder),
            "TEMP": str(folder),
            "TMP": str(folder),
            "OMP_WAIT_POLICY": "passive",  # idle threads sleep and slow nobody
            "PYTHONDONTWRITEBYTECODE": "1",
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            # compiling all headers beforehand takes longer than the few kernels of one program
            "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
            "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")))
            ),
        }
        self._loaded: set[str] = set()
        self._running = 0  # the process of the run that is going on
        self._ended = False  # by itself
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "workbook.diagnosis.process.child",
                *(() if forks else ("--once",)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # a pipe can be waited for with a limit on some systems only, a thread on all of them
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def load(self, names: Iterable[str]) -> None:
        """Have modules loaded that are not yet, without waiting for it."""
        if missing := sorted(set(names) - self._loaded):
            self._send({"import": missing})
            self._loaded |= set(missing)

    def ask(self, request: dict[str, Any], seconds: float) -> bool:
        """Carry out a request (or end by itself over it); False where it ran out of time."""
        if self.process.poll() is not None:
            raise OutOfTime("the process that runs the code ended by itself")
        self.load(request["load"])
        self._send(request)
        end = time.monotonic() + seconds
        first = self._line(end + 30.0)  # starting the interpreter is not the user's time
        if first is None:
            self.close()
            return False
        self._running = int(first)
        if self._line(max(end, time.monotonic() + 0.2)) is None:
            ended, apart = self._ended, bool(self._running)
            self._stop()
            if not apart or self._line(time.monotonic() + 5.0) is None:
                self.close()
            return ended
        self._running = 0
        return True

    def _send(self, message: dict[str, Any]) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def _listen(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._heard.put(line.decode().strip())
        self._heard.put(None)

    def _line(self, end: float) -> str | None:
        """The next line, or None where there is none by `end` or the process has ended."""
        try:
            line = self._heard.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return None
        if line is None:
            self._ended = True
            self._heard.put(None)  # it has ended for whoever asks next, too
        return line

    def _stop(self) -> None:
        if self._running:
            kill(self._running)
        self._running = 0

    def hang_up(self) -> None:
        """End the run that is going on and the process, without waiting for either."""
        if not self._running and (first := self._line(time.monotonic())) and first.isdigit():
            self._running = int(first)  # it started while nobody listened
        self._stop()
        kill(self.process.pid)

    def close(self) -> None:
        """End the process; it keeps nothing that an end by force would lose."""
        self.hang_up()
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def kill(pid: int) -> None:
    """End a process and everything that it started."""
    if sys.platform == "win32":
        words = ["taskkill", "/F", "/T", "/PID", str(pid)]
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return
    for way in (os.killpg, os.kill):  # it leads no group yet when it has just begun
        with contextlib.suppress(ProcessLookupError, PermissionError):
            way(pid, signal.SIGKILL)
            return
