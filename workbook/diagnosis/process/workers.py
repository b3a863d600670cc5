"""The child processes that run the user's code, from the side that asks.

Owns which are kept (one interpreter for each hash seed), how many runs go on at the same time, and
the folder that runs leave their results in. Knows nothing of causes.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.diagnosis.process import command_run, place
from workbook.diagnosis.process.interpreter import Interpreter, Origin, OutOfTime

if TYPE_CHECKING:
    from workbook.diagnosis.process.run import Run

Key = int | Origin | None  # which process carries a run out
_MANY = 50  # modules, which take longer to load than a run


@dataclass(eq=False)
class Job:
    """A run that was asked for: which interpreter carries it out, once it has begun."""

    number: int
    folder: Path
    request: dict[str, Any]
    key: Key
    interpreter: Interpreter | None = None


class Workers:
    """Runs of the user's code, each in a process of its own: `with Workers() as workers: ...`.

    One object can serve several diagnoses, which saves starting torch for each of them. A run is a
    fork of a waiting interpreter; without `forks` (Windows, macOS) it is a new interpreter. Each
    has a place of its own: an overlay where the system allows one, else a copy; with `way` that.
    Where each has an overlay, up to `lanes` runs go on at the same time (as many as cores, and as
    fit into the memory of a device).
    """

    def __init__(
        self,
        *,
        forks: bool = sys.platform == "linux",
        way: place.Way | None = None,
        lanes: int | None = None,
    ) -> None:
        self._forks = forks
        self._way = way
        self.lanes = lanes or len(os.sched_getaffinity(0)) if forks else 1
        self._apart = False  # whether runs were seen to have places of their own
        self._room = self.lanes  # for runs in the memory of a device
        self._interpreters: dict[Key, Interpreter] = {}
        self._folder: Path | None = None
        self._number = 0
        self._lock = threading.RLock()
        self._queue: list[Job] = []  # asked for ahead of time, and not begun
        self._ahead: list[Job] = []  # of those, what has begun

    def __enter__(self) -> Workers:
        self._folder = Path(tempfile.mkdtemp(prefix="workbook-")).resolve()
        return self

    def __exit__(self, *error: object) -> None:
        self._queue.clear()
        for interpreter in self._interpreters.values():
            interpreter.hang_up()
        for interpreter in self._interpreters.values():
            interpreter.close()
        self._interpreters.clear()
        if self._folder is not None:
            place.clean(self._folder)
        self._folder = None

    @property
    def folder(self) -> Path:
        if self._folder is None:
            raise ValueError("Workers is used as `with Workers() as workers:`")
        return self._folder

    def warm(
        self, key: Key, load: Iterable[str] = (), work: Callable[[], None] | None = None
    ) -> None:
        """Start the interpreter with this hash seed, if it is not there yet; do not wait for it.

        That of None starts command lines: it needs no torch, and each has its own environment. That
        of an origin is a command line, of which runs are forks. With `work` it is a fork of this
        process, and does that.
        """
        old = self._interpreters.get(key)
        if old is None or old.process.poll() is not None:
            new = Interpreter(key, self.folder, forks=self._forks, work=work)
            new.ended, new.placed = self._begin_more, self._placed
            self._interpreters[key] = new
        self._interpreters[key].load(load)

    def preload(self, names: Collection[str]) -> bool:
        """Load what torch loads late before further runs begin, if it is worth it; whether it is.

        No module of the program or of a library that it chose is among the names.
        """
        if not self._forks or len(names) < _MANY:
            return False
        for key, interpreter in list(self._interpreters.items()):
            if isinstance(key, int):
                interpreter.load(names)
        return True

    def job(self, request: dict[str, Any], *, hash_seed: int | None, fork: bool = False) -> Job:
        """Give a run that can be begun ahead of time, and must be finished.

        With `fork` that of a command line is a fork of one that waits at its `import torch`.
        """
        self._number += 1
        folder = self.folder / f"run-{self._number}"
        full = {
            **request,
            "folder": str(folder),
            "scratch": str(self.folder),
            "from": os.getcwd(),
            "temporary": tempfile.gettempdir(),
            "way": self._way,
        }
        return Job(self._number, folder, full, self._origin(full) if fork else hash_seed)

    def _origin(self, request: dict[str, Any]) -> Origin:
        """Say of which process a run of one command line can be a fork."""
        variables = command_run.environment(request, Path(), "")
        words = command_run.resolved(request["commands"][0]["words"], variables)
        return Origin(tuple(words), tuple(sorted(variables.items())), request["start"])

    def ahead(self, jobs: Iterable[Job]) -> None:
        """Begin these runs as soon as there is room, and no others that nobody has asked for.

        What was begun ahead before and is not among them is ended.
        """
        with self._lock:
            wanted = list(jobs) if self.lanes > 1 else []
            self.drop([job for job in self._ahead if job not in wanted])
            self._queue = [job for job in wanted if job.interpreter is None]
            self._begin_more()

    def drop(self, jobs: Collection[Job]) -> None:
        """End runs that nobody will wait for."""
        with self._lock:
            for job in self._ahead:
                if job in jobs and job.interpreter is not None:
                    job.interpreter.drop(job.number)
            self._ahead = [job for job in self._ahead if job not in jobs]
            self._queue = [job for job in self._queue if job not in jobs]

    def begin(self, jobs: Iterable[Job]) -> None:
        """Begin runs that will all be waited for, at the same time as far as there is room."""
        with self._lock:
            self._queue = [*jobs, *self._queue]
            self._begin_more()

    def finish(self, job: Job, seconds: float) -> Run:
        """Wait for a run, which begins now if it has not yet, for `seconds`."""
        interpreter = self._begin(job)
        done = interpreter.wait(job.number, seconds)
        if not self._forks:
            interpreter.close()
            self.warm(job.key, job.request["load"])  # it loads while this result is read
        return self._read(job, done=done)

    def _begin(self, job: Job) -> Interpreter:
        with self._lock:
            self._queue = [other for other in self._queue if other is not job]
            self._ahead = [other for other in self._ahead if other is not job]
            if job.interpreter is None:
                self.warm(job.key, job.request["load"])
                job.folder.mkdir(exist_ok=True)
                self._interpreters[job.key].start(job.number, job.request)
                job.interpreter = self._interpreters[job.key]
            return job.interpreter

    def _begin_more(self) -> None:
        """Begin what was asked for ahead of time, as far as there is room, and places are apart."""
        with self._lock, contextlib.suppress(OutOfTime, OSError):  # who waits for it begins it
            while self._apart and self._queue and self._going() < min(self.lanes, self._room):
                job = self._queue[0]
                self._begin(job)
                self._ahead.append(job)

    def _placed(self, way: str) -> None:
        """Take down that a run has a place, which is its own where it is an overlay."""
        self._apart = self._apart or way == "overlay"
        self._begin_more()

    def _going(self) -> int:
        return sum(interpreter.going for interpreter in self._interpreters.values())

    def _read(self, job: Job, *, done: bool) -> Run:
        from workbook.diagnosis.process import gathering  # these import torch, and this is
        from workbook.diagnosis.process.run import Run  # loaded before it, to start processes

        answer = job.folder / "result.json"
        data = json.loads(answer.read_text()) if answer.exists() else {}
        if done and not data and isinstance(job.key, Origin):
            data = {"unfit": self._interpreters[job.key].unfit or "a fork ended by itself"}
        elif done and not data:
            data = {"cannot": "the process that ran it ended by itself (os._exit, or a crash)"}
        printed = job.folder / "printed.txt"
        data["printed"] = printed.read_text(errors="replace").count("\n") if printed.exists() else 0
        if not isinstance(job.key, int):
            data |= gathering.gathered(job.folder, data.get("pid", 0))
        data["wrote"] = place.written(job.folder)
        self._apart = self._apart or data.get("way") == "overlay"
        if data.get("ports"):  # another run would find the port taken
            self.lanes = 1
        if memory := data.get("memory"):  # what is free on the device, and what a run takes there
            # beside others, what nobody waits for would be late more often, or less
            self._room = 1 + memory[0] // memory[1] if job.request.get("one_queue", True) else 1
        self.preload(data.get("loaded", ()))
        return Run(job.folder, data, timed_out=not done)
