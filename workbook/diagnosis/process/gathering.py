"""What the hook wrote down in the processes of a command, put together to the result of a run.

Owns which of several processes counts, and which values of it are compared.
"""

import ast
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis.interventions.surroundings import LEFTOVERS
from workbook.diagnosis.probes import files, leaving
from workbook.diagnosis.probes.values import load, save
from workbook.diagnosis.process import place, ranks
from workbook.diagnosis.process.hook import rows_of

_MOST = 50_000  # rows of a kind that are kept


def _main(processes: dict[str, list[dict[str, Any]]]) -> str:
    """Give the process that trains, or else one that none of ours started, or that reads most."""

    def weight(pid: str) -> tuple[int, bool, int, int]:
        kinds = [row["kind"] for row in processes[pid]]
        parents = [str(row["parent"]) for row in processes[pid] if row["kind"] == "start"]
        own = bool(parents) and parents[0] not in processes  # a fork has no start of its own
        left = kinds.count("left")
        return kinds.count("step"), own and left > 0, left, kinds.count("torch")

    return max(processes, key=weight, default="")


def gathered(folder: Path, started: int) -> dict[str, Any]:
    """Put what the processes of a run's last command wrote down together to its result.

    `folder` is the run's, `started` the process that the command line started.
    """
    part = max(folder.glob("command-*"), key=lambda at: int(at.name.split("-")[1]), default=None)
    if part is None:
        return {}
    written = [(name, path) for name, path in place.made(folder) if path.is_file()]
    processes = rows_of(part)
    pid = _main(processes)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in processes.get(pid, ()):
        rows.setdefault(row["kind"], []).append(row)
    everyone = [row for process in processes.values() for row in process]
    facts = rows["facts"][-1]["facts"] if "facts" in rows else _NO_FACTS
    reads = dict.fromkeys(row["path"] for row in everyone if row["kind"] == "reads")
    facts["lists"]["leftover-files"] = [os.path.relpath(name) for name in reads]
    vectors = {row["n"]: row["vector"] for row in rows.get("step", ())}  # the last one twice
    facts["lists"]["steps"] = list(vectors.values())[:_MOST]
    left, losses = rows.get("left", [])[:_MOST], _losses(rows)
    values = leaving.by_line(left) | ({"the loss": losses} if losses is not None else {})
    for row in rows.get("parameters", [])[-1:]:
        for key, weight in load(row["leaves"], part, f"weights-{pid}").items():
            values[ast.literal_eval(key)[0]] = weight  # as it was named when it was saved
    if (part / f"trace-{pid}.npz").exists():
        shutil.copyfile(part / f"trace-{pid}.npz", folder / "trace-0.npz")
    draws = [row["row"] for row in rows.get("draw", ())]
    return {
        "outcomes": [{"leaves": save(values, folder, "result-0"), "draws": draws}],
        "facts": [facts],
        "changed": [[[os.path.relpath(name), LEFTOVERS.name] for name, _ in written]],
        "torch": any(row["kind"] == "torch" for row in everyone),
        "forkable": pid == str(started) and rows.get("torch", [{}])[0].get("wrote") is False,
        "processes": len(processes),
        "ranks": ranks.read(processes),
        "ports": sorted({row["port"] for row in everyone if row["kind"] == "port"}),
        "refused": [row["path"] for row in everyone if row["kind"] == "refused"],
        "stopped": rows["stopped"][-1]["n"] if "stopped" in rows else 0,
        "saved": _saved(folder),
        "left": left,
        "files": files.read_all(sorted(written)),
    }


def _saved(folder: Path) -> int:
    """Give the step after which an earlier command of the run was stopped at its checkpoint."""
    rows = [
        row for part in folder.glob("command-*") for some in rows_of(part).values() for row in some
    ]
    return max((row["n"] for row in rows if row["kind"] == "saved"), default=0)


_NO_FACTS: dict[str, Any] = {"facts": [], "counts": {}, "lists": {}}


def _losses(rows: dict[str, list[dict[str, Any]]]) -> torch.Tensor | None:
    """Say what backward was called on, one after another, in the format of the first."""
    pairs = [pair for row in rows.get("step", ()) for pair in row["loss"]]
    if not pairs:
        return None
    values = torch.tensor([value for value, _ in pairs], dtype=torch.float64)
    return values.to(getattr(torch, pairs[0][1]))
