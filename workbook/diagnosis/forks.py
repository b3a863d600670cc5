"""Runs that are forks of this process: of a pytest session, or of a notebook's kernel as it stands.

Owns the fork, what is put on in it, and its end. A fork changes nothing here: neither names nor
generators. It asks for runs as any session does, so that the same questions can be put.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import Setting, Stage
from workbook.diagnosis.interventions.rows import install
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS
from workbook.diagnosis.probes.values import NotComparable, save
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Plan, Session
from workbook.diagnosis.target import Call
from workbook.trace import Trace

# What runs in a fork: it gives values to compare, by name, and plain facts of its own.
Body = Callable[[Plan], tuple[dict[str, Any], dict[str, Any]]]
_LONGEST = 60.0  # seconds of one fork


class Forks(Session):
    """A session whose runs are forks of this process; `folder` takes what they leave.

    `seeded` says whether the generators were set on purpose before: then a fork keeps them as they
    are, and otherwise it gets other numbers, as a process of its own would.
    """

    def __init__(self, call: Call, body: Body, folder: Path, deadline: float) -> None:
        super().__init__(Workers(), call, deadline)
        self.body = body
        self.folder = folder
        self.seeded = False
        self.threads = torch.get_num_threads()
        self._number = 0

    def run(self, wanted: Plan, *, again: bool = False) -> Run:
        """Carry out a plan in a fork, or give what is known of it."""
        known = self.known.get(wanted)
        if known is not None and not again:
            return known
        if self.left() <= 0:
            raise OutOfTime("the time is used up")
        self._number += 1
        folder = self.folder / f"fork-{self._number}"
        folder.mkdir(parents=True)
        began = time.monotonic()
        timed_out = not self._forked(wanted, folder)
        answer = folder / "result.json"
        data = json.loads(answer.read_text()) if answer.exists() else {}
        if not data:
            end = "did not end in time" if timed_out else "ended by itself"
            data = {"outcomes": [{"raised": end}], "facts": [FACTS.to_json()], "changed": [[]]}
        self.longest = max(self.longest, time.monotonic() - began)
        self.known[wanted] = Run(folder, data, timed_out=timed_out)
        return self.known[wanted]

    def both(self, *wanted: Plan) -> list[Run]:
        """Carry out several plans, one after another."""
        return [self.run(one) for one in wanted]

    def ahead(self, *wanted: Plan) -> None:
        """Begin nothing: a fork is made when it is asked for."""

    def _forked(self, wanted: Plan, folder: Path) -> bool:
        """Run the body in a fork; False where it did not end in time."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                self._inside(wanted, folder)
            finally:
                os._exit(0)
        end = time.monotonic() + min(_LONGEST, max(1.0, self.left()))
        try:
            while time.monotonic() < end:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return True
                time.sleep(0.005)
        except BaseException:
            _end(pid)
            raise
        _end(pid)
        return False

    def _inside(self, wanted: Plan, folder: Path) -> None:
        """Carry out a plan in this process, which ends with it."""
        for number, name in ((1, "printed.txt"), (2, "warned.txt")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
        with contextlib.ExitStack() as stack:
            self._prepare(wanted, stack)
            trace = stack.enter_context(Trace(samples=True)) if wanted.trace else None
            values, data = self.body(wanted)
            if trace is not None:
                trace.__exit__()
                trace.save(folder / "trace-0.npz")
            outcome = _outcome(values, folder)
            if trace is not None:
                outcome["draws"] = [
                    [d.generator, d.what, d.line, d.module, d.count, f"{d.value:x}"]
                    for d in trace.draws[:1000]
                ]
            facts = FACTS.to_json()
        made = {"outcomes": [outcome], "facts": [facts], "changed": [[]], **data}
        (folder / "result.json").write_text(json.dumps(made))

    def _prepare(self, wanted: Plan, stack: contextlib.ExitStack) -> None:
        """Put on what the plan names; where it holds nothing, as it would run by itself."""
        given = dict(wanted.given)
        run = Setting(on=wanted.on, given={**given, "now": self.now}, stack=stack)
        stack.enter_context(run.path)
        FACTS.start()
        install(Stage.FUNCTIONS, run)
        if given:
            install(Stage.SURROUNDINGS, run)
        elif not self.seeded:
            torch.seed()
            np.random.seed()
            random.seed()
        if not given:
            torch.set_num_threads(self.threads)
        FACTS.start()
        for stage in (Stage.SEEDS, Stage.MODES):
            install(stage, run)
        steps.watch(0)


def _outcome(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    try:
        return {"leaves": save(values, folder, "result-0")}
    except NotComparable as problem:
        return {"raised": f"a value {problem}"}


def _end(pid: int) -> None:
    for way in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            way(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
