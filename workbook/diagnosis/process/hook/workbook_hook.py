"""Watch a process of the user's from its first moment, without a change to its code.

Owns the rows that a process writes down (one file for each process, appended at once, so that they
survive whatever ends it), what is held before torch is there, and the moment when torch has been
imported: then `workbook.diagnosis.process.inside` goes on. Imports the standard library only, and
raises nothing: what fails is a row.

The folder named by WORKBOOK_RUN holds `plan.json`, the plan of this run, and takes the rows.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import sys
from collections.abc import Callable
from typing import Any

VARIABLE = "WORKBOOK_RUN"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_STARTED: list[bool] = []
_FILE: dict[int, int] = {}  # the file of rows, by process: a fork gets one of its own
_PLAN: dict[str, Any] = {}
_REFUSED: set[str] = set()
# what a process does to the world, by the names of the audit events (table in Python's documents)
_CHANGES = frozenset(
    ("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
     "os.symlink", "os.truncate", "os.utime", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn",
     "os.system", "subprocess.Popen", "socket.bind", "socket.connect", "sqlite3.connect")
)  # fmt: skip


def note(kind: str, **row: Any) -> None:
    """Write one row down, at once."""
    pid = os.getpid()
    if pid not in _FILE:
        _FILE.clear()
        name = os.path.join(os.environ[VARIABLE], f"rows-{pid}.jsonl")
        _FILE[pid] = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
    os.write(_FILE[pid], (json.dumps({"kind": kind, **row}) + "\n").encode())


class After(importlib.abc.MetaPathFinder):
    """Do something once a module has been imported: `steps` maps its name to what is done."""

    def __init__(self, steps: dict[str, Callable[[], None]]) -> None:
        self.steps = steps

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Find the module where it is, and let its loader do what is wanted afterwards."""
        if name not in self.steps:
            return None
        step = self.steps.pop(name)
        spec = importlib.util.find_spec(name)  # it is asked again, and leaves it to the others
        if spec is None or spec.loader is None:
            self.steps[name] = step
            return spec
        real = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            collects = gc.isenabled()
            gc.disable()  # what is imported stays: to look through it takes a tenth of the time
            try:
                real(module)
            finally:
                if collects:
                    gc.enable()
            guarded(step)

        spec.loader.exec_module = exec_module
        return spec


def guarded(step: Callable[[], None]) -> None:
    """Do something of ours; where it fails, write down how."""
    try:
        step()
    except Exception as problem:
        with contextlib.suppress(Exception):
            note("failed", step=step.__name__, text=f"{type(problem).__name__}: {problem}")


def start() -> None:
    """Begin to watch this process, once."""
    if _STARTED:  # a folder may be on the path twice
        return
    _STARTED.append(True)
    with open(os.path.join(os.environ[VARIABLE], "plan.json"), encoding="utf-8") as file:
        _PLAN.update(json.load(file))
    if _PLAN.get("bare"):  # a plugin of ours does the rest
        guarded(_workbook)
        return
    if _PLAN.get("waits"):
        _stand_by()
    rank = os.environ.get("RANK")
    note("start", words=list(sys.orig_argv), parent=os.getppid(), rank=rank)
    if number := _PLAN.get("start"):
        random.seed(1_000 + number)
    sys.addaudithook(_audit)
    after = {"torch": _torch, "numpy.random": _numpy}
    sys.meta_path.insert(0, After({k: v for k, v in after.items() if k not in sys.modules}))


def _stand_by() -> None:
    """Keep the pipes to whoever will ask for forks; the program gets files, and no input."""
    _PLAN["pipes"] = os.dup(0), os.dup(1)
    for number, name in enumerate((os.devnull, "printed.txt", "warned.txt")):
        file = os.open(os.path.join(os.environ[VARIABLE], name), os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)


def unfit(why: str) -> None:
    """End this process, which waits for forks and for nothing else: it cannot give any."""
    note("unfit", text=why)
    os._exit(0)


def _numpy() -> None:
    if number := _PLAN.get("start"):
        sys.modules["numpy.random"].seed(1_000 + number)


def _workbook() -> None:
    """Let the workbook be imported; it need not be installed where the program runs."""
    if "workbook" not in sys.modules:
        where = os.path.join(_PLAN["root"], "workbook")
        spec = importlib.util.spec_from_file_location(
            "workbook", os.path.join(where, "__init__.py"), submodule_search_locations=[where]
        )
        if spec is not None and spec.loader is not None:
            sys.modules["workbook"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules["workbook"])


def _torch() -> None:
    """Go on with what needs torch."""
    usual = "workbook.diagnosis.process.inside"
    try:
        _workbook()
        importlib.import_module(_PLAN.get("module", usual)).begin(_PLAN, note)
    except Exception as problem:
        if _PLAN.get("waits"):  # it lies in no place of its own, and must not go on
            unfit(f"{type(problem).__name__}: {problem}")
        raise


def _audit(event: str, args: Any) -> None:
    """Note what the program does to the world: ports it opens, and writes that are refused.

    A process of which there will be forks lies in no place of its own: it may only read.
    """
    if event in _CHANGES and "pipes" in _PLAN:
        unfit(f"it changes something before it imports torch ({event})")
    elif event == "socket.bind" and isinstance(args[1], tuple):
        guarded(lambda: note("port", port=args[1][1]))
    elif event == "open" and isinstance(args[0], str) and args[2] & _WRITES:
        name = os.path.realpath(args[0])
        kept = _PLAN["writable"]
        if name not in _REFUSED and not any(
            name == folder or name.startswith(folder.rstrip(os.sep) + os.sep) for folder in kept
        ):
            if "pipes" in _PLAN:
                unfit(f"it writes {name} before it imports torch")
            _REFUSED.add(name)
            guarded(lambda: note("refused", path=name))
    elif event == "open" and isinstance(args[0], str) and _PLAN.get("left"):
        name = os.path.realpath(args[0])
        if name in _PLAN["left"]:
            guarded(lambda: note("reads", path=name))
