"""The child processes that run the user's code, from the side that asks.

Owns which are kept (one interpreter for each hash seed) and the folder that runs leave their
results in. Knows nothing of causes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbook.diagnosis.process import place
from workbook.diagnosis.process.interpreter import Interpreter
from workbook.diagnosis.process.run import Run


class Workers:
    """Runs of the user's code, each in a process of its own: `with Workers() as workers: ...`.

    One object can serve several diagnoses, which saves starting torch for each of them. A run is a
    fork of a waiting interpreter; without `forks` (Windows, macOS) it is a new interpreter. Each
    has a place of its own: an overlay where the system allows one, else a copy; with `way` that.
    """

    def __init__(
        self, *, forks: bool = sys.platform == "linux", way: place.Way | None = None
    ) -> None:
        self._forks = forks
        self._way = way
        self._interpreters: dict[int, Interpreter] = {}
        self._folder: Path | None = None
        self._number = 0

    def __enter__(self) -> Workers:
        self._folder = Path(tempfile.mkdtemp(prefix="workbook-")).resolve()
        return self

    def __exit__(self, *error: object) -> None:
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

    def warm(self, hash_seed: int, load: Iterable[str] = ()) -> None:
        """Start the interpreter with this hash seed, if it is not there yet; do not wait for it."""
        old = self._interpreters.get(hash_seed)
        if old is None or old.process.poll() is not None:
            self._interpreters[hash_seed] = Interpreter(hash_seed, self.folder, forks=self._forks)
        self._interpreters[hash_seed].load(load)

    def run(self, request: dict[str, Any], *, hash_seed: int, seconds: float) -> Run:
        """Carry out one request within `seconds`."""
        self.warm(hash_seed)
        self._number += 1
        folder = self.folder / f"run-{self._number}"
        folder.mkdir()
        full = {
            **request,
            "folder": str(folder),
            "scratch": str(self.folder),
            "from": os.getcwd(),
            "temporary": tempfile.gettempdir(),
            "way": self._way,
        }
        done = self._interpreters[hash_seed].ask(full, seconds)
        if not self._forks:
            self._interpreters.pop(hash_seed).close()
            self.warm(hash_seed, request["load"])  # it loads while this result is read
        answer = folder / "result.json"
        data = json.loads(answer.read_text()) if answer.exists() else {}
        if done and not data:
            data = {"cannot": "the process that ran it ended by itself (os._exit, or a crash)"}
        printed = folder / "printed.txt"
        data["printed"] = printed.read_text(errors="replace").count("\n") if printed.exists() else 0
        data["wrote"] = place.written(self.folder, folder)
        return Run(folder, data, timed_out=not done)
