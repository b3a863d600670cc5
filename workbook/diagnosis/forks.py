"""Runs that are forks of this process: of a pytest session, or of a notebook's kernel as it stands.

Owns the fork, what is put on in it, and its end. A fork changes nothing here: neither names nor
generators. It asks for runs as any session does, so that the same questions can be put.
"""

import contextlib
import datetime
import faulthandler
import gc
import json
import math
import os
import random
import re
import secrets
import signal
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions import put_back
from workbook.diagnosis.interventions.devices import enough
from workbook.diagnosis.interventions.rows import ROWS, put_on
from workbook.diagnosis.interventions.surroundings import RNG, THREADS, generators
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS
from workbook.diagnosis.probes.snapshot import Snapshot
from workbook.diagnosis.probes.values import NotComparable, save
from workbook.diagnosis.process.copies import remove
from workbook.diagnosis.process.interpreter import OutOfTime, kill
from workbook.diagnosis.process.run import Run, keep
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import PATIENCE, SLOWER, Session
from workbook.diagnosis.target import Subject
from workbook.trace import Trace
from workbook.trace.places import is_user_file

_HELD = (datetime, np.random, os, random, secrets, time)  # modules in which things are replaced
_STOOD = "stood.txt"  # where a run that does not end writes down its lines
# What runs in a fork: it gives values to compare, by name, and plain facts of its own.
Body = Callable[[Plan], tuple[Any, dict[str, Any]]]


class Forks(Session):
    """A session whose runs are forks of this process; `folder` takes what they leave.

    `seeded` says whether the generators were set on purpose before: then a fork keeps them as they
    are, and otherwise it gets other numbers, as a process of its own would.
    """

    def __init__(self, subject: Subject, body: Body, folder: Path, deadline: float) -> None:
        super().__init__(Workers(), subject, deadline)
        self.body = body
        self.folder = folder
        self.seeded = False
        self.modules: list[types.ModuleType] = []  # the user's, whose variables can be put back
        self.kept: dict[str, Any] = {}  # more that can be
        self.one_thread = False  # where torch has computed on several threads before the fork
        self.threads = torch.get_num_threads()
        self.other = RNG.values[1]  # from which the generators start where they are not held
        self.start = 0  # and from which in a run that holds nothing
        self.scratch: Path | None = None  # what a run leaves there is not there for the next
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
        self.start = secrets.randbits(31)
        began = time.monotonic()
        there = set(self.scratch.iterdir()) if self.scratch else set()
        timed_out = not self._forked(wanted, folder, self._patience(wanted))
        seconds = time.monotonic() - began
        for path in set(self.scratch.iterdir()) - there if self.scratch else ():
            remove(path)
        answer = folder / "result.json"
        data = json.loads(answer.read_text()) if answer.exists() else {}
        if not data:
            end = "ended by itself"
            if timed_out:
                end = f"had not ended after {seconds:.0f} s{_stood(folder)}"
                self.note(f"A run {end}.")
            data = {"outcomes": [{"raised": end}], "facts": [FACTS.to_json()], "changed": [[]]}
        data["start"] = self.start
        if not timed_out and not wanted.variants:
            self.longest = max(self.longest, seconds)
            self.pace()
        self.known[wanted] = Run(folder, data, timed_out=timed_out)
        return self.known[wanted]

    def each(self, wanted: Iterable[Plan]) -> Iterator[Run]:
        """Carry out several plans, one after another."""
        return map(self.run, wanted)

    def ahead(self, *wanted: Plan) -> None:
        """Begin nothing: a fork is made when it is asked for."""

    def tell(self, text: str) -> None:
        """Take down what was tried, without the conditions that a fork cannot change."""
        same = ["another hash seed", *(["four threads instead of one"] if self.one_thread else [])]
        for words in same:
            if text.startswith(f"only {words}"):
                text = f"{words}: not tried, every run is a fork of one process"
            else:
                text = text.replace(f", {words}", "").replace(f"{words}, ", "")
        super().tell(text.replace("a fresh process with", "another fork with"))

    def _patience(self, wanted: Plan) -> float:
        """Give the seconds that a run may take: after other tests, half of what is left."""
        if wanted.variants:
            return self.left() / 2
        longest = PATIENCE + SLOWER * self.longest if self.longest else math.inf
        return min(self.left(), longest)

    def _forked(self, wanted: Plan, folder: Path, seconds: float) -> bool:
        """Run the body in a fork; False where it did not end in time."""
        sys.stdout.flush()
        sys.stderr.flush()
        state = random.getstate()
        pid = os.fork()
        if pid == 0:
            try:
                random.setstate(state)  # Python seeds its generator anew in a fork
                gc.freeze()  # what was there: a fork that looks through it copies it
                os.setsid()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                self._inside(wanted, folder)
            finally:
                os._exit(0)
        end = time.monotonic() + max(1.0, seconds)
        try:
            while time.monotonic() < end:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return True
                time.sleep(0.005)
        except BaseException:
            _end(pid)
            raise
        os.kill(pid, signal.SIGUSR1)  # it writes down where it stands
        end = time.monotonic() + 1
        while time.monotonic() < end and not _stood(folder):
            time.sleep(0.005)
        _end(pid)
        return False

    def _inside(self, wanted: Plan, folder: Path) -> None:
        """Carry out a plan in this process, which ends with it."""
        for number, name in ((1, "printed.txt"), (2, "warned.txt")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
        faulthandler.register(signal.SIGUSR1, (folder / _STOOD).open("w"), all_threads=False)
        made: dict[str, Any] = {"outcomes": [], "facts": [], "changed": []}
        with contextlib.ExitStack() as stack:
            self._prepare(wanted, stack)
            was = put_back.Before(Snapshot(self.modules, self.kept))
            began = time.monotonic()
            for number in range(len(wanted.steps)):
                if number and wanted.looks and enough(number, time.monotonic() - began):
                    break
                for row in ROWS if number else ():
                    if row.put_back and row.name in wanted.between:
                        row.put_back(was)
                FACTS.start()
                outcome, data = self._called(wanted, number, folder)
                made["outcomes"].append(outcome)
                made["facts"].append(FACTS.to_json())
                made["changed"].append(was.snapshot.changed())
        (folder / "result.json").write_text(json.dumps({**made, **data}))

    def _called(
        self, wanted: Plan, number: int, folder: Path
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the body once; its outcome, and its own facts."""
        trace = Trace(samples=True) if wanted.trace else None
        try:
            with trace if trace is not None else contextlib.nullcontext():
                values, data = self.body(wanted)
        except Exception as error:
            return {"raised": f"{type(error).__name__}: {error}"}, {}
        outcome = _outcome(values, folder, f"result-{number}")
        if trace is not None:
            outcome["draws"] = keep(trace, folder / f"trace-{number}.npz")
        return outcome, data

    def _prepare(self, wanted: Plan, stack: contextlib.ExitStack) -> None:
        """Put on what the plan names; where it holds nothing, as it would run by itself."""
        given = dict(wanted.given)
        if self.one_thread and given:
            given[THREADS.name] = 1
        if given.get(RNG.name) == RNG.values[1]:
            given[RNG.name] = self.other
        if not given and not self.seeded:
            generators(self.start)
        if not given:
            torch.set_num_threads(1 if self.one_thread else self.threads)
        elif RNG.name not in given:  # a part is held
            given |= {RNG.name: self.start, THREADS.name: self.threads}
        were = _names()
        put_on({"on": wanted.on, "set": {**given, "now": self.now} if given else {}}, stack)
        _bind(were)
        steps.watch(0)


def _names() -> dict[int, tuple[types.ModuleType, str]]:
    """Name what interventions replace in modules, by the identity of the real thing."""
    places = ((module, name) for module in _HELD for name in vars(module))
    return {id(getattr(*place)): place for place in places if callable(getattr(*place))}


def _bind(were: dict[int, tuple[types.ModuleType, str]]) -> None:
    """Give names that the user has imported from these modules what stands there by now."""
    for module in list(sys.modules.values()):
        if is_user_file(getattr(module, "__file__", None) or ""):
            for name, value in list(vars(module).items()):
                if id(value) in were:
                    setattr(module, name, getattr(*were[id(value)]))


def _outcome(values: Any, folder: Path, stem: str) -> dict[str, Any]:
    try:
        return {"leaves": save(values, folder, stem)}
    except NotComparable as problem:
        return {"raised": f"a value {problem}"}


def _stood(folder: Path) -> str:
    """Say at which line of the user's a run stood that was asked for it; "" where it is unknown."""
    path = folder / _STOOD
    rows = re.findall(r'File "(.*)", line (\d+)', path.read_text() if path.exists() else "")
    lines = [f", at {os.path.basename(name)}:{line}" for name, line in rows if is_user_file(name)]
    return lines[0] if lines else ""


def _end(pid: int) -> None:
    kill(pid)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
