"""One run of a command line of the user's, as it was typed, in the place of this process.

Owns the environment that the command gets, its end with everything that it started, and the reading
of the rows that the hook wrote down in its processes. Imports no torch.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbook.diagnosis.process import hook
from workbook.diagnosis.process.place import TEMPORARY, Place, made

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
            for number in turns(request, folder):
                part, plan = planned(request, number, place)
                where = place.inside(request["from"])
                given = environment(request, part, os.environ["TMPDIR"])
                result["pid"], result["status"] = _ended(plan["words"], where, given)
        except NoProgram as problem:
            result["cannot"] = str(problem)
    result["seconds"] = time.perf_counter() - began
    write(folder, result)


def turns(request: Request, folder: Path) -> Iterator[int]:
    """Give the number of each command in its turn.

    Where a run is to start with what an earlier one left, and the first left any file, it comes
    once more.
    """
    commands = request["commands"]
    yield from range(len(commands))
    if request["twice"] and made(folder):
        commands.append(commands[0])
        yield len(commands) - 1


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write `result.json` at once: who reads it finds all of it or none."""
    partial = folder / "result.part"
    partial.write_text(json.dumps(result))
    partial.replace(folder / "result.json")


def planned(request: Request, number: int, place: Place) -> tuple[Path, dict[str, Any]]:
    """Make the folder of one command's rows, with the plan that the hook reads; give both."""
    command, part = request["commands"][number], Path(request["folder"], f"command-{number}")
    part.mkdir()
    plan = {
        "root": _ROOT,
        "words": command["words"],
        "folder": str(part),
        # with nothing held it only watches
        **{key: request[key] for key in ("set", "start", "on", "factors", "split", "trace")},
        "trained": (request["trained"] or [{}])[0],
        "patience": request.get("patience", 0),
        "stop": command.get("stop", 0) or request["stop"],
        "from": request["stop"],
        **command.get("plan", {}),
        "left": [name for name, _ in made(Path(request["folder"]))] if number else [],
        "layers": [upper for _, upper in place.layers],
        "writable": [*place.writable, os.path.realpath(os.environ["TMPDIR"]), str(part)],
    }
    (part / "plan.json").write_text(json.dumps(plan))
    return part, plan


def environment(request: Request, part: Path, temporary: str) -> dict[str, str]:
    """Give the user's own environment, the hook, and what the run is made under."""
    user = dict(request["environment"])
    path = [_HOOK, *filter(None, (user.get("PYTHONPATH"),))]
    own = dict.fromkeys(TEMPORARY, temporary)
    more = {"PYTHONPATH": os.pathsep.join(path), "WORKBOOK_RUN": str(part)}
    return {**_QUIET, **user, **own, **request["variables"], **more}


def _ended(words: list[str], where: str, variables: dict[str, str]) -> tuple[int, int]:
    """Run a command to its end; the process that it started, and its exit status."""
    adopt()
    try:
        with subprocess.Popen(resolved(words, variables), cwd=where, env=variables) as process:
            status = process.wait()
    except OSError as problem:
        raise NoProgram(f"{words[0]} cannot be run: {problem.strerror}") from None
    end_the_rest()
    return process.pid, status


def resolved(words: list[str], variables: dict[str, str]) -> list[str]:
    """Give a command line with its program as a path, as a shell finds it."""
    return [shutil.which(words[0], path=variables.get("PATH")) or words[0], *words[1:]]


def adopt() -> None:
    """Let processes that lose their parent become children of this one (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_the_rest() -> None:
    """End every process that a command started and left."""
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
