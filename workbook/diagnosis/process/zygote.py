"""A command line that has come to the end of `import torch`, and is forked there for each run.

Owns what such a process must be like, and what a fork is given before the program goes on in it.
Starting Python, and torch in it, takes longer than many programs; a fork has both behind it. What
acts before torch is there (variables of the environment, the start of Python's generators) belongs
to the process, and a run that needs another one there is refused. The hook calls `begin`.
"""

import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbook.diagnosis.process import child, command_run, inside

_HARMLESS = ("/dev/null", "/dev/urandom", "/dev/random", "pipe:", "/proc/")
Plan = dict[str, Any]


def begin(plan: Plan, note: Callable[..., None]) -> None:
    """Fork for each request, until there are no more; return in each fork, set up for its run."""
    pipes, waiting = plan.pop("pipes"), plan["folder"]
    say = child.speaker(pipes[1])
    if why := _unfit(plan, pipes):
        note("unfit", text=why)
        os._exit(0)
    start = _Start(plan["start"])
    request = child.forks(pipes[0], say)
    if request is None:
        os._exit(0)
    for pipe in pipes:
        os.close(pipe)
    try:
        new = _program(request, start, waiting)
    except BaseException:
        os._exit(1)
    plan.clear()
    plan.update(new)
    start.give(plan["start"])
    note("start", words=list(sys.orig_argv), parent=os.getppid(), rank=os.environ.get("RANK"))
    inside.begin(plan, note)


def _unfit(plan: Plan, pipes: tuple[int, int]) -> str:
    """Say why forks of this process would not be the program; empty if they would."""
    if os.getppid() != plan["parent"]:
        return "torch is imported by a process that the command starts, not by itself"
    if threading.active_count() > 1 or threading.current_thread() is not threading.main_thread():
        return "it starts threads before it imports torch"
    kept = {0, 1, 2, *pipes}
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # the listing's own
        ours = target.startswith(plan["folder"]) or target.startswith(_HARMLESS)
        if number not in kept and not ours:
            return f"it keeps {target} open while it imports torch"
    return ""


class _Start:
    """Where the generators of Python and NumPy are, and whether the program has moved them."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.python = random.getstate()  # Python seeds its generator anew in each fork
        fresh = random.Random(1_000 + (number or 0)).getstate()
        wanted = np.random.RandomState(1_000 + (number or 0)).get_state()
        numpy = np.random.get_state()
        same = all(map(np.array_equal, wanted, numpy))
        self.moved = number is not None and (self.python != fresh or not same)

    def fits(self, number: int | None) -> bool:
        """Whether a run that starts them from this number can be a fork."""
        return number == self.number or not self.moved

    def give(self, number: int | None) -> None:
        """Start them as a process from its beginning would have."""
        random.setstate(self.python)
        if number != self.number and number is not None:
            random.seed(1_000 + number)
            np.random.seed(1_000 + number)


def _program(request: dict[str, Any], start: _Start, waiting: str) -> Plan:
    """Give the plan, in a fork of this process that is the program; this one waits for its end."""
    folder, began = Path(request["folder"]), time.perf_counter()
    sys.stdout.flush()
    sys.stderr.flush()
    for name in ("printed.txt", "warned.txt"):
        shutil.copyfile(Path(waiting, name), folder / name)
    where = child.settled(request)
    result: dict[str, Any] = {}
    if isinstance(where, str) or where.way != "overlay" or not start.fits(request["start"]):
        command_run.write(folder, {"unfit": "its generators were moved before torch was imported"})
        os._exit(0)
    result["way"], result["guarded"] = where.way, where.guarded
    os.chdir(os.getcwd())  # the folder as this run sees it
    command_run.adopt()
    for number in command_run.turns(request, folder):
        part, plan = command_run.planned(request, number, where)
        os.environ["WORKBOOK_RUN"] = str(part)
        result["pid"] = os.fork()
        if not result["pid"]:
            return plan
        result["status"] = os.waitstatus_to_exitcode(os.waitpid(result["pid"], 0)[1])
        command_run.end_the_rest()
    result["seconds"] = time.perf_counter() - began
    command_run.write(folder, result)
    os._exit(0)
