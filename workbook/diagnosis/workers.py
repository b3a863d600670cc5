"""The child processes that run the user's code, from the side that asks.

Owns starting them (one interpreter for each hash seed), the time a run may take, and the scratch
copy of the user's folder in which a run reads and writes. Knows nothing of causes.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from workbook.diagnosis.reply import Reply

_SMALL = 1 << 20  # bytes: larger files are linked into the scratch folder, not copied
_MOST = 2000  # entries: a folder with more is used as it is


class OutOfTime(Exception):
    """The time for the whole diagnosis is used up."""


class _Interpreter:
    """One child process and the wire to it."""

    def __init__(self, hash_seed: int, folder: Path) -> None:
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "TMPDIR": str(folder),
            "OMP_WAIT_POLICY": "passive",  # idle threads sleep and slow nobody
            "PYTHONDONTWRITEBYTECODE": "1",
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            # compiling all headers beforehand takes longer than the few kernels of one program
            "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
            "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))
            ),
        }
        self.loaded: set[str] = set()
        self._heard = b""
        self.running = 0  # the process of the run that is going on
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbook.diagnosis.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def ask(self, request: dict[str, Any], seconds: float) -> bool:
        """Carry out a request; False where it ran out of time and was ended."""
        assert_open(self.process)
        self._send(
            {"import": missing} if (missing := sorted(set(request["load"]) - self.loaded)) else None
        )
        self.loaded |= set(request["load"])
        self._send(request)
        end = time.monotonic() + seconds
        first = self._line(end + 30.0)  # starting the interpreter is not the user's time
        if first is None:
            self.close()
            return False
        self.running = int(first or 0)
        if self._line(max(end, time.monotonic() + 0.2)) is None:
            if self.running:
                self._stop()
                self._line(time.monotonic() + 5.0)
            else:
                self.close()
            return False
        self.running = 0
        return True

    def _stop(self) -> None:
        """End the run that is going on, with everything that it started."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running, signal.SIGKILL)
        self.running = 0

    def _send(self, message: dict[str, Any] | None) -> None:
        if message is not None and self.process.stdin is not None:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def _line(self, end: float) -> str | None:
        pipe = self.process.stdout
        if pipe is None:
            return None
        with selectors.DefaultSelector() as ready:
            ready.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                if not ready.select(max(0.0, end - time.monotonic())):
                    return None
                part = os.read(pipe.fileno(), 4096)
                if not part:
                    return None
                self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()

    def hang_up(self) -> None:
        """End the run that is going on and the process, without waiting for either."""
        if not self.running and (first := self._line(time.monotonic())) and first.isdigit():
            self.running = int(first)  # it started while nobody listened
        self._stop()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process; it keeps nothing that an end by force would lose."""
        self.hang_up()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def assert_open(process: subprocess.Popen[bytes]) -> None:
    """Raise where a child process ended by itself."""
    if process.poll() is not None:
        raise OutOfTime("the process that runs the code ended by itself")


class Workers:
    """Runs of the user's code, each in a process of its own: `with Workers() as workers: ...`.

    One object can serve several diagnoses, which saves starting torch for each of them.
    """

    def __init__(self) -> None:
        self._interpreters: dict[int, _Interpreter] = {}
        self._folder: Path | None = None
        self._number = 0

    def __enter__(self) -> Workers:
        self._folder = Path(tempfile.mkdtemp(prefix="workbook-"))
        return self

    def __exit__(self, *error: object) -> None:
        for interpreter in self._interpreters.values():
            interpreter.hang_up()
        for interpreter in self._interpreters.values():
            interpreter.close()
        self._interpreters.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    @property
    def folder(self) -> Path:
        if self._folder is None:
            raise ValueError("Workers is used as `with Workers() as workers:`")
        return self._folder

    def warm(self, hash_seed: int) -> None:
        """Start the interpreter with this hash seed, if it is not there yet."""
        old = self._interpreters.get(hash_seed)
        if old is None or old.process.poll() is not None:
            self._interpreters[hash_seed] = _Interpreter(hash_seed, self.folder)

    def run(self, request: dict[str, Any], *, hash_seed: int, seconds: float) -> Reply:
        """Carry out one request within `seconds`."""
        self.warm(hash_seed)
        self._number += 1
        folder = self.folder / f"run-{self._number}"
        folder.mkdir()
        real = Path(request["files"][0][0]).parent
        seen = self._scratch(real, "beside")
        here = Path.cwd()
        place = seen if here == real else self._scratch(here, "from")
        full = {
            **request,
            "folder": str(folder),
            "real": str(real),
            "seen": str(seen),
            "folder_seen": str(place),
            "files": [
                [str(seen / Path(p).name) if Path(p).parent == real else p, n]
                for p, n in request["files"]
            ],
        }
        done = self._interpreters[hash_seed].ask(full, seconds)
        if not _FORKS:
            self._interpreters.pop(hash_seed).close()
        answer = folder / "reply.json"
        data = json.loads(answer.read_text()) if answer.exists() else {}
        if done and not data:
            data = {"cannot": "the process that ran it ended by itself (os._exit, or a crash)"}
        printed = folder / "printed.txt"
        data["printed"] = printed.read_text(errors="replace").count("\n") if printed.exists() else 0
        return Reply(folder, data, timed_out=not done)

    def _scratch(self, real: Path, role: str) -> Path:
        """The user's folder as a run may change it: small files copied, the rest linked."""
        seen = self.folder / role / (real.name or "root")
        shutil.rmtree(seen, ignore_errors=True)
        entries = sorted(os.scandir(real), key=lambda entry: entry.name)
        if len(entries) > _MOST:
            return real
        seen.mkdir(parents=True)
        for entry in entries:
            target = seen / entry.name
            try:
                if entry.is_file() and entry.stat().st_size <= _SMALL:
                    shutil.copy2(entry.path, target)
                elif entry.name != "__pycache__":
                    target.symlink_to(entry.path)
            except OSError:  # unreadable or vanished: the run will say if it is missed
                continue
        return seen


_FORKS = sys.platform == "linux"
