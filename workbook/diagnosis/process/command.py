"""One run of a command line of the user's, as it was typed, in the place of this process.

Owns the environment that the command gets, its end with everything that it started, and the
gathering of what the hook wrote down in its processes into the result of the run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis.interventions.numerics import CPU_VARIABLES
from workbook.diagnosis.probes import files
from workbook.diagnosis.probes.values import load, save
from workbook.diagnosis.process import hook, ranks
from workbook.diagnosis.process.place import Place

Request = dict[str, Any]
_PR_SET_CHILD_SUBREAPER = 36
_HOOK = str(Path(hook.__file__).parent)
_ROOT = str(Path(__file__).parents[3])
_MOST = 50_000  # rows of a kind that are kept
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


def run(request: Request, folder: Path, place: Place) -> dict[str, Any]:
    """Run the commands of a request one after another; what the last one did is the result.

    Returns what `result.json` holds: an outcome with leaves, the facts, and `seen`, what was
    observed. The rows of each command lie in a folder of its own.
    """
    made: dict[str, Any] = {}
    for number, command in enumerate(request["commands"]):
        part = folder / f"command-{number}"
        part.mkdir()
        plan = _plan(request, command, part, place)
        (part / "plan.json").write_text(json.dumps(plan))
        status = _ended(
            command["words"], place.inside(request["from"]), _environment(request, part)
        )
        made = gathered(part, status, _written(place))
    return made


def _plan(request: Request, command: dict[str, Any], part: Path, place: Place) -> dict[str, Any]:
    """Say what the hook is told."""
    given = dict(request["set"])
    return {
        "root": _ROOT,
        "folder": str(part),
        "set": given if given.get("rng") else {},  # with nothing held it only watches
        "on": request["on"],
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
    if given.get("capability"):
        held |= CPU_VARIABLES
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


def _written(place: Place) -> list[tuple[str, Path]]:
    """Map the files that the run has made or changed so far from the user's name to its place."""
    found = []
    for folder, upper in place.layers:
        for where, _, names in os.walk(upper):
            for name in names:
                path = Path(where, name)
                if path.is_file() and not path.is_symlink():
                    found.append((os.path.join(folder, path.relative_to(upper)), path))
    return sorted(found)


def rows_of(part: Path) -> dict[str, list[dict[str, Any]]]:
    """Read what each process of a run wrote down, by its id, in the order of their starts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(part.glob("rows-*.jsonl"), key=lambda one: one.stat().st_ino):
        rows = found[path.stem.removeprefix("rows-")] = []
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):  # a process was ended while it wrote
                rows.append(json.loads(line))
    return found


def _main(processes: dict[str, list[dict[str, Any]]]) -> str:
    """Give the process that trains, or else the one that reads most from torch."""

    def weight(pid: str) -> tuple[int, int, int]:
        kinds = [row["kind"] for row in processes[pid]]
        return kinds.count("step"), kinds.count("left"), kinds.count("torch")

    return max(processes, key=weight, default="")


def gathered(part: Path, status: int, written: list[tuple[str, Path]]) -> dict[str, Any]:
    """Put what the processes wrote down together to the result of a run."""
    processes = rows_of(part)
    pid = _main(processes)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in processes.get(pid, ()):
        rows.setdefault(row["kind"], []).append(row)
    everyone = [row for process in processes.values() for row in process]
    facts = rows["facts"][-1]["facts"] if "facts" in rows else _NO_FACTS
    facts["lists"]["steps"] = [row["vector"] for row in rows.get("step", ())][:_MOST]
    left, losses = rows.get("left", [])[:_MOST], _losses(rows)
    values = _read(left) | ({"the loss": losses} if losses is not None else {})
    for row in rows.get("parameters", [])[-1:]:
        values |= load(row["leaves"], part, f"weights-{pid}")
    folder = part.parent
    if (part / f"trace-{pid}.npz").exists():
        shutil.copyfile(part / f"trace-{pid}.npz", folder / "trace-0.npz")
    draws = [row["row"] for row in rows.get("draw", ())]
    return {
        "outcomes": [{"leaves": save(values, folder, "result-0"), "draws": draws}],
        "facts": [facts],
        "changed": [[]],
        "status": status,
        "python": any(row["kind"] == "start" for row in everyone),
        "torch": any(row["kind"] == "torch" for row in everyone),
        "processes": len(processes),
        "ranks": ranks.read(processes),
        "ports": sorted({row["port"] for row in everyone if row["kind"] == "port"}),
        "tried to write": [row["path"] for row in everyone if row["kind"] == "refused"],
        "failed": [row["text"] for row in everyone if row["kind"] == "failed"],
        "stopped": "stopped" in rows,
        "left": left,
        "files": files.read_all(written),
    }


_NO_FACTS: dict[str, Any] = {"facts": [], "counts": {}, "lists": {}}


def _losses(rows: dict[str, list[dict[str, Any]]]) -> torch.Tensor | None:
    """Say what backward was called on, one after another, in the format of the first."""
    pairs = [pair for row in rows.get("step", ()) for pair in row["loss"]]
    if not pairs:
        return None
    values = torch.tensor([value for value, _ in pairs], dtype=torch.float64)
    return values.to(getattr(torch, pairs[0][1]))


def _read(left: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what the program read from torch, by line, as tensors of the formats that they had."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in left:
        lines.setdefault(f"{row['line']} ({row['how']})", []).append(row)
    made: dict[str, Any] = {}
    for name, found in lines.items():
        values = [value for row in found for value in row["values"]]
        kind = getattr(torch, found[0]["dtype"])
        made[name] = torch.tensor(values, dtype=torch.float64).to(kind)
        if codes := [row["hash"] for row in found if row["hash"]]:
            made[f"{name}, all of them"] = " ".join(codes[:1000])
    return made
