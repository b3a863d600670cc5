"""One child process that runs the user's code, from the side that asks.

Owns starting it, the wire to it, and ending it with everything that it started.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from workbook.diagnosis.process import place
from workbook.diagnosis.process.hook import rows_of

ROOT = str(Path(__file__).parents[3])
_STARTING = 30.0  # seconds for starting the interpreter, which are not the user's time


class OutOfTime(Exception):
    """The time for the whole diagnosis is used up."""


@dataclass
class _Going:
    """A request that was sent: its process, once it began, and whether it is over or unwanted."""

    pid: int | None = None
    done: bool = False
    unwanted: bool = False


class _Fork:
    """A fork of this process that does some work, with the pipes and the end of a `Popen`."""

    def __init__(self, work: Callable[[], None], variables: dict[str, str]) -> None:
        asked, told = os.pipe(), os.pipe()
        self._status: int | None = None
        self._ending = threading.Lock()
        self.pid = os.fork()
        if not self.pid:
            try:
                self._begin(asked[0], told[1], variables)
                work()
            finally:
                os._exit(0)
        os.close(asked[0])
        os.close(told[1])
        self.stdin: IO[bytes] = open(asked[1], "wb")  # noqa: SIM115  (for as long as it lives)
        self.stdout: IO[bytes] = open(told[0], "rb")  # noqa: SIM115

    def _begin(self, source: int, out: int, variables: dict[str, str]) -> None:
        """Leave behind what belongs to the process that was forked."""
        os.setsid()
        for number, file in enumerate((source, out, os.open(os.devnull, os.O_WRONLY))):
            os.dup2(file, number)
        os.closerange(3, 1 << 16)  # the pipes to other processes, too: they wait for their end
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.update(variables)
        tempfile.tempdir = None

    def wait(self, flags: int = 0) -> int | None:
        """Wait for its end; its status."""
        with self._ending:
            if self._status is None:
                pid, status = os.waitpid(self.pid, flags)
                self._status = status if pid else None
            return self._status

    def poll(self) -> int | None:
        """Give its status, None while it goes on."""
        return self.wait(os.WNOHANG)


@dataclass(frozen=True)
class Origin:
    """What a process of which runs are forks is started as, other than by its hash seed.

    `words` are a command line of the user's, `variables` its environment, `start` the number that
    Python's generators start from.
    """

    words: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    start: int = field(compare=False)


class Interpreter:
    """A child process that carries out requests, several at the same time.

    It has one hash seed; without one it starts command lines, and loads no torch. With an origin it
    is a command line itself, which waits at the end of its `import torch`. With `work` it is a fork
    of this process, which has the same hash seed, and does that there.
    """

    def __init__(
        self,
        key: int | Origin | None,
        folder: Path,
        *,
        forks: bool,
        work: Callable[[], None] | None = None,
    ) -> None:
        self._loaded: set[str] = set()
        self._going: dict[int, _Going] = {}
        self._news = threading.Condition()
        self.folder = folder
        self.ended: Callable[[], None] = lambda: None  # is told whenever a request is over
        self.placed: Callable[[str], None] = lambda way: None  # and what place a request has
        if isinstance(key, Origin):
            words, variables = list(key.words), self._waiting(key)
        else:
            options = (*(() if forks else ("--once",)), *(("--commands",) if key is None else ()))
            words = [sys.executable, "-m", "workbook.diagnosis.process.child", *options]
            variables = _environment(key or 0, folder)
        self.process: subprocess.Popen[bytes] | _Fork
        if work is not None:
            self.process = _Fork(work, variables)
        else:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=variables,
                start_new_session=True,
            )
        # a pipe can be waited for with a limit on some systems only, a thread on all of them
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def _waiting(self, origin: Origin) -> dict[str, str]:
        """Tell the hook to wait, in a folder of its own; the variables of the process."""
        self.folder = Path(tempfile.mkdtemp(prefix="waiting-", dir=self.folder))
        (self.folder / "tmp").mkdir()
        plan = {"root": ROOT, "folder": str(self.folder), "parent": os.getpid(), "waits": True,
                "module": "workbook.diagnosis.process.zygote", "start": origin.start,
                "writable": [*place.shared(), str(self.folder)]}  # fmt: skip
        (self.folder / "plan.json").write_text(json.dumps(plan))
        temporary = dict.fromkeys(place.TEMPORARY, str(self.folder / "tmp"))
        return {**dict(origin.variables), **temporary, "WORKBOOK_RUN": str(self.folder)}

    @property
    def unfit(self) -> str:
        """Say why a command line that was to wait gives no forks; empty if it does."""
        rows = [row for part in rows_of(self.folder).values() for row in part]
        texts = [row["text"] for row in rows if row["kind"] in ("unfit", "failed")]
        return next(iter(texts), "" if self.process.poll() is None else "it does not import torch")

    @property
    def going(self) -> int:
        """How many requests are going on."""
        return sum(not going.done for going in list(self._going.values()))

    def load(self, names: Iterable[str]) -> None:
        """Have modules loaded that are not yet, without waiting for it."""
        if missing := sorted(set(names) - self._loaded):
            self._send({"import": missing})
            self._loaded |= set(missing)

    def start(self, number: int, request: dict[str, Any]) -> None:
        """Begin a request, under a number of its own, without waiting for it."""
        if self.process.poll() is not None:
            raise OutOfTime("the process that runs the code ended by itself")
        self.load(request["load"])
        self._going[number] = _Going()
        self._send({**request, "number": number})

    def wait(self, number: int, seconds: float) -> bool:
        """Wait until a request is over, also if its process ended; False if it is out of time."""
        end = time.monotonic() + seconds
        going = self._going[number]
        if self._until(lambda: going.pid is not None or going.done, end + _STARTING):
            self._until(lambda: going.done, max(end, time.monotonic() + 0.2))
        if going.done:
            return True
        if going.pid:
            kill(going.pid)
        if not going.pid or not self._until(lambda: going.done, time.monotonic() + 5.0):
            self.close()  # the process is the run itself, or has not begun it
        return False

    def drop(self, number: int) -> None:
        """End a request that nobody will wait for."""
        with self._news:
            going = self._going[number]
            going.unwanted = True
            if going.pid and not going.done:
                kill(going.pid)

    def _until(self, over: Callable[[], bool], end: float) -> bool:
        with self._news:
            return self._news.wait_for(
                over, min(max(0.0, end - time.monotonic()), threading.TIMEOUT_MAX)
            )

    def _send(self, message: dict[str, Any]) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def _listen(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._hear(line.decode().split())
        self.process.wait()
        self._hear([])

    def _hear(self, words: list[str]) -> None:
        """Take down what the process said; no words: that it has ended."""
        if words and words[0] == "placed":
            self.placed(words[2])
            return
        with self._news:
            over = [self._going[int(words[1])]] if words else list(self._going.values())
            for going in over:
                if words and words[0] == "began":
                    going.pid = int(words[2])
                    if going.unwanted and going.pid:
                        kill(going.pid)
                else:
                    going.done = True
            self._news.notify_all()
        if not words or words[0] == "done":
            self.ended()

    def hang_up(self) -> None:
        """End what is going on and the process, without waiting for either."""
        for going in list(self._going.values()):
            if going.pid and not going.done:
                kill(going.pid)
        kill(self.process.pid)

    def close(self) -> None:
        """End the process; it keeps nothing that an end by force would lose."""
        self.hang_up()
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def _environment(hash_seed: int, folder: Path) -> dict[str, str]:
    """Give the variables of a process that runs the user's code."""
    given = (ROOT, os.environ.get("PYTHONPATH"))
    return {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        **dict.fromkeys(place.TEMPORARY, str(folder)),
        "OMP_WAIT_POLICY": "passive",  # idle threads sleep and slow nobody
        "PYTHONDONTWRITEBYTECODE": "1",
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
        # compiling all headers beforehand takes longer than the few kernels of one program
        "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
        "TRITON_HOME": str(folder / "compiled"),  # a run may not make ~/.triton
        "TRITON_CACHE_DIR": str(folder / "compiled" / "triton"),
        "PYTHONPATH": os.pathsep.join(filter(None, given)),
    }


def _started_by(pid: int) -> list[int]:
    """List the processes that a process started, and those that they did (Linux; else none)."""
    started: list[int] = []
    with contextlib.suppress(OSError):  # the process, or one of its threads, ends meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
                for child in map(int, words):
                    started += [child, *_started_by(child)]
    return started


def kill(pid: int) -> None:
    """End a process and everything that it started."""
    if sys.platform == "win32":
        words = ["taskkill", "/F", "/T", "/PID", str(pid)]
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return
    for inner in _started_by(pid):  # those in a session of their own are in no group of its
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(inner, signal.SIGKILL)
    for way in (os.killpg, os.kill):  # it leads no group yet when it has just begun
        with contextlib.suppress(ProcessLookupError, PermissionError):
            way(pid, signal.SIGKILL)
            return
