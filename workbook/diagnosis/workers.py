"""The child processes that run the user's code, from the side that asks.

Owns which are kept (one interpreter for each hash seed) and the scratch copy of the user's folder
in which a run reads and writes. Knows nothing of causes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbook.diagnosis.interpreter import Interpreter
from workbook.diagnosis.reply import Reply

_SMALL = 1 << 20  # bytes: larger files are linked into the scratch folder, not copied
_MOST = 2000  # entries: of a folder with more, every file is linked, and only once


class Workers:
    """Runs of the user's code, each in a process of its own: `with Workers() as workers: ...`.

    One object can serve several diagnoses, which saves starting torch for each of them. A run is a
    fork of a waiting interpreter; without `forks` (Windows, macOS) it is a new interpreter.
    """

    def __init__(self, *, forks: bool = sys.platform == "linux") -> None:
        self._forks = forks
        self._interpreters: dict[int, Interpreter] = {}
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

    def warm(self, hash_seed: int, load: Iterable[str] = ()) -> None:
        """Start the interpreter with this hash seed, if it is not there yet; do not wait for it."""
        old = self._interpreters.get(hash_seed)
        if old is None or old.process.poll() is not None:
            self._interpreters[hash_seed] = Interpreter(hash_seed, self.folder, forks=self._forks)
        self._interpreters[hash_seed].load(load)

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
        if not self._forks:
            self._interpreters.pop(hash_seed).close()
            self.warm(hash_seed, request["load"])  # it loads while this result is read
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
        entries = sorted(os.scandir(real), key=lambda entry: entry.name)
        largest = _SMALL if len(entries) <= _MOST else -1
        kept = _links(seen) if largest < 0 else set()
        if not kept:
            shutil.rmtree(seen, ignore_errors=True)
            seen.mkdir(parents=True)
        for entry in entries:
            target = seen / entry.name
            # what cannot be read or has vanished: the run will say if it is missed
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                if entry.is_file() and entry.stat().st_size <= largest:
                    shutil.copy2(entry.path, target)
                elif entry.name not in kept and entry.name != "__pycache__":
                    _link(Path(entry.path), target)
        return seen


def _links(folder: Path) -> set[str]:
    """The names of the links in a folder, which is rid of everything else."""
    names = set()
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if entry.is_symlink():
            names.add(entry.name)
        elif entry.is_dir():
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
    return names


def _link(source: Path, target: Path) -> None:
    """Another name for a file or a folder, also where Windows grants no symbolic links."""
    try:
        target.symlink_to(source)
    except OSError:
        if source.is_dir():
            words = ["cmd", "/c", "mklink", "/J", str(target), str(source)]
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        else:
            os.link(source, target)
