"""One run of a command line of the user's, as it was typed, in the place of this process.

Owns the environment that the command gets, its end with everything that it started, and the reading
of the rows that the hook wrote down in its processes. Imports no torch.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from workbook.diagnosis.process import hook
from workbook.diagnosis.process.place import Place

Request = dict[str, Any]
_PR_SET_CHILD_SUBREAPER = 36
_HOOK = str(Path(hook.__file__).parent)
_ROOT = str(Path(__file__).parents[3])
_QUIET = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "COLUMNS": "120",
    # these would open connections, and call each run by another name
    "WANDB_MODE": "offline",
    "COMET_MODE": "disabled",
    "NEPTUNE_MODE": "offline",
}


class NoProgram(Exception):
    """The first word of a command names no program; the text is a sentence."""


def run(request: Request, folder: Path, place: Place | str) -> None:
    """Carry out a request and leave `result.json` in its folder: how the last command ended.

    `place` is where this process may write, or a sentence that says why it has no such place. The
    rows of each command lie in a folder of its own, `command-0` and so on.
    """
    result: dict[str, Any] = {}
    began = time.perf_counter()
    if isinstance(place, str):
        result["cannot"] = place
    else:
        result["guarded"], result["way"] = place.guarded, place.way
        try:
            result["status"] = _run_all(request, folder, place)[-1]
        except NoProgram as problem:
            result["cannot"] = str(problem)
    result["seconds"] = time.perf_counter() - began
    partial = folder / "result.part"
    partial.write_text(json.dumps(result))
    partial.replace(folder / "result.json")


def _run_all(request: Request, folder: Path, place: Place) -> list[int]:
    """Run the commands of a request one after another; the exit status of each."""
    made: list[int] = []
    for number, command in enumerate(request["commands"]):
        part = folder / f"command-{number}"
        part.mkdir()
        plan = _plan(request, command, part, place)
        (part / "plan.json").write_text(json.dumps(plan))
        where = place.inside(request["from"])
        made.append(_ended(command["words"], where, _environment(request, part)))
    return made


def _plan(request: Request, command: dict[str, Any], part: Path, place: Place) -> dict[str, Any]:
    """Say what the hook is told."""
    given = dict(request["set"])
    return {
        "root": _ROOT,
        "folder": str(part),
        "set": given if given.get("rng") else {},  # with nothing held it only watches
        "on": request["on"],
        "factors": request.get("factors", []),
        "split": request.get("split", []),
        "trained": (request.get("trained") or [{}])[0],
        "patience": request.get("patience", 0),
        "stop": command.get("stop", 0) or request["stop"],
        "trace": request["trace"],
        "from": request["stop"],
        **command.get("plan", {}),
        "writable": [*place.writable, os.path.realpath(os.environ["TMPDIR"]), str(part)],
    }


def _environment(request: Request, part: Path) -> dict[str, str]:
    """Give the user's own environment, the hook, and what the run is made under."""
    user = dict(request["environment"])
    path = [_HOOK, *filter(None, (user.get("PYTHONPATH"),))]
    held: dict[str, str] = {}
    given = request["set"]
    if given.get("rng"):
        held["PYTHONHASHSEED"] = user.get("PYTHONHASHSEED") or str(given.get("hash") or 0)
    held |= request.get("variables", {})
    own = {name: os.environ[name] for name in ("TMPDIR", "TEMP", "TMP")}
    more = {"PYTHONPATH": os.pathsep.join(path), "WORKBOOK_RUN": str(part)}
    return {**_QUIET, **user, **own, **held, **more}


def _ended(words: list[str], where: str, environment: dict[str, str]) -> int:
    """Run a command to its end, then end what it left running; its exit status."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    program = shutil.which(words[0], path=environment.get("PATH")) or words[0]
    try:
        with subprocess.Popen([program, *words[1:]], cwd=where, env=environment) as process:
            status = process.wait()
    except OSError as problem:
        raise NoProgram(f"{words[0]} cannot be run: {problem.strerror}") from None
    _end_the_rest()
    return status


def _end_the_rest() -> None:
    """End every process that the command started and left."""
    for _ in range(100):
        try:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        except OSError:
            return
        if not children:
            return
        for pid in map(int, children):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def rows_of(part: Path) -> dict[str, list[dict[str, Any]]]:
    """Read what each process of a run wrote down, by its id, in the order of their starts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(part.glob("rows-*.jsonl"), key=lambda one: one.stat().st_ino):
        rows = found[path.stem.removeprefix("rows-")] = []
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):  # a process was ended while it wrote
                rows.append(json.loads(line))
    return found
