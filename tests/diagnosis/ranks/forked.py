"""Runs commands of several ranks as forks of this process: `forked.py FOLDER FAULT...`.

A diagnosis starts each rank anew, and each rank imports torch. Here torch is imported once, and a
rank is a fork that watches itself as a hooked process does. Prints the answers as JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy.random  # noqa: F401  (before the forks, like the next one)
import torch
import torch._dynamo  # optimizers load it: a second and a half in each rank

from workbook.diagnosis.interventions.ranks import FIXED_REDUCTION
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.process import inside
from workbook.diagnosis.process.hook import rows_of
from workbook.diagnosis.process.ranks import read
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import Command, Subject
from workbook.diagnosis.targets import ranks

PROGRAM = str(Path(__file__).parent / "train.py")


class Forked:
    """Carries out a request as `Workers` does, without a new interpreter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0

    def job(self, request: dict[str, Any], *, hash_seed: int, fork: bool) -> dict[str, Any]:
        """Take a request as it is."""
        return request

    def finish(self, request: dict[str, Any], seconds: float) -> Run:
        """Run the ranks that the command asks for."""
        self.number += 1
        part = self.folder / f"run-{self.number}" / "command-0"
        part.mkdir(parents=True)
        words = request["commands"][0]["words"]
        count = next(int(word.partition("=")[2]) for word in words if word.startswith("--nproc"))
        more = dict(word.split("=") for word in words if word.startswith("WORKBOOK_"))
        plan = {"folder": str(part), "set": {}, "on": request["on"], "stop": request["stop"]}
        pids = []
        for rank in range(count):
            pid = os.fork()
            if pid == 0:
                more |= {"RANK": str(rank), "WORLD_SIZE": str(count), "STORE": str(part / "store")}
                os.environ.update(more)
                self._rank({**plan, "trace": False, "from": 0}, words[words.index(PROGRAM) :])
            pids.append(pid)
        status = max([os.waitpid(pid, 0)[1] for pid in pids])
        made = read(rows_of(part))
        return Run(part.parent, {"ranks": made, "status": status, "printed": 0, "wrote": []})

    def _rank(self, plan: dict[str, Any], words: list[str]) -> None:
        status = 1
        try:
            out = open(Path(plan["folder"], f"rows-{os.getpid()}.jsonl"), "a")  # noqa: SIM115

            def note(kind: str, **row: Any) -> None:
                out.write(json.dumps({"kind": kind, **row}) + "\n")
                out.flush()

            note("start", rank=os.environ["RANK"])
            inside.begin(plan, note)
            sys.argv = words
            with contextlib.suppress(SystemExit):
                runpy.run_path(words[0], run_name="__main__")
            atexit._run_exitfuncs()
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)


def answer(folder: Path, fault: str) -> dict[str, Any]:
    """Ask the ranks of the program with this fault."""
    asked = Command(("launch", "--nproc_per_node=2", PROGRAM, "--fault", fault))
    workers: Any = Forked(folder)
    session = Session(workers, Subject("command", (), (asked,)), time.monotonic() + 86_400)
    made = ranks.diagnosed(session, session.run(Plan((0,), ())))
    if made is None:
        return {"status": "none", "causes": [], "tried": session.tried, "notes": session.notes}
    return made.to_json()


def gradients(folder: Path) -> list[int]:
    """Give the hash of the gradient that each of three ranks has, added by rank in float64."""
    request = {
        "commands": [{"words": ["--nproc_per_node=3", PROGRAM, "--fault", "order"]}],
        "on": [FIXED_REDUCTION.name],
        "stop": 0,
    }
    made = Forked(folder).finish(request, 60)
    return [one["vectors"][0][5] for one in made.data["ranks"].values()]


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = Path(sys.argv[1])
    answers: dict[str, Any] = {fault: answer(root / fault, fault) for fault in sys.argv[2:]}
    print(json.dumps({**answers, "order": gradients(root / "order")}))  # noqa: T201
