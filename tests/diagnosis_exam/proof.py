"""How a label is proved: by running the program with and without its faults, without the diagnosis.

`Surroundings` are what a program's result may depend on. A fault says what shows it:

- `again`: a second call in the same process; `reset`: the same with the generators put back
- `seed`, `clock`, `files`, `poison` (what fresh memory holds), `serial` (threads one by one): two
  fresh starts that differ in this only; `hash`: two processes with other hash seeds
- `calm`: the two functions, all else equal; `rows`: a module's first two rows by themselves
- `free`: threads as they come, repeatedly

Proved is: with this fault only, the results differ where the fault is shown, and agree in every bit
where it is not; with every fault cured they agree wherever anything is varied; and of two faults
either leaves a difference when the other is cured.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np
import torch

from tests.diagnosis_cases.proofs import bits, numbers
from tests.diagnosis_exam.program import Program

ROOT = pathlib.Path(__file__).parents[2]
VARIED = ("seed", "clock", "files", "poison", "serial")
TRIES = 8  # of what threads may or may not show


def _clock(number: int) -> dict[str, Callable[[], float]]:
    """Make clocks that go on by the same step at each reading."""
    moment = [1.7e9 + 54_321.25 * number]

    def read() -> float:
        moment[0] += 1e-3 * (1 + 0.7 * number)
        return moment[0]

    whole = {"time_ns": lambda: int(read() * 1e9), "perf_counter_ns": lambda: int(read() * 1e9)}
    return {"time": read, "perf_counter": read, "monotonic": read, **whole}  # type: ignore[dict-item]


def _patches(number: int, varied: Sequence[str]) -> Iterator[Any]:
    """Give the patches that hold the surroundings, or vary what is to be varied."""
    clock = _clock(number if "clock" in varied else 0)
    for name, read in clock.items():
        yield mock.patch.object(time, name, read)

    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(clock["time"](), tz)

    yield mock.patch.object(datetime, "datetime", Now)
    backward = bool(number) and "files" in varied
    listed, walked = os.listdir, pathlib.Path.iterdir
    yield mock.patch.object(os, "listdir", lambda p=".": sorted(listed(p), reverse=backward))
    yield mock.patch.object(
        pathlib.Path, "iterdir", lambda p: iter(sorted(walked(p), reverse=backward))
    )
    seed = 10 + (number if "seed" in varied else 0)
    rng = np.random.default_rng
    yield mock.patch.object(np.random, "default_rng", lambda s=None: rng(seed if s is None else s))
    yield from _fresh_memory(7.0 * number if "poison" in varied else 0.0)
    if "serial" in varied and number:
        yield mock.patch.object(threading.Thread, "start", _one_by_one(threading.Thread.start))


def _one_by_one(start: Callable[..., None]) -> Callable[..., None]:
    """Make a start of threads that waits for their end; a pool's threads wait for work instead."""

    def run(thread: Any) -> None:
        ours = getattr(thread._target, "__module__", "") == "exam_program"
        start(thread)
        if ours:
            thread.join()

    return run


def _fresh_memory(value: float) -> Iterator[Any]:
    """Give patches with which fresh memory holds this value."""

    def filled(make: Callable[..., Any]) -> Callable[..., Any]:
        def fresh(*size: Any, **more: Any) -> Any:
            made = make(*size, **more)
            if isinstance(made, torch.Tensor):
                return made.fill_(value) if made.is_floating_point() else made
            if made.dtype.kind == "f":
                made.fill(value)
            return made

        return fresh

    yield mock.patch.object(torch, "empty", filled(torch.empty))
    yield mock.patch.object(torch.Tensor, "new_empty", filled(torch.Tensor.new_empty))
    yield mock.patch.object(np, "empty", filled(np.empty))


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@contextlib.contextmanager
def surroundings(number: int, varied: Sequence[str] = (), *, seeds: bool = True) -> Iterator[None]:
    """Hold everything that a program may depend on; set number 1 differs in what is varied."""
    threads, interval = torch.get_num_threads(), sys.getswitchinterval()
    with contextlib.ExitStack() as stack:
        for patch in _patches(number, varied):
            stack.enter_context(patch)
        if seeds:
            _seed(10 + (number if "seed" in varied else 0))
        stack.callback(torch.set_num_threads, threads)
        stack.callback(sys.setswitchinterval, interval)
        torch.set_num_threads(1)
        sys.setswitchinterval(2e-4)
        yield


def started(text: str) -> dict[str, Any]:
    """Run a program's text as a module of its own; dataclasses look theirs up by name."""
    module = types.ModuleType("exam_program")
    sys.modules[module.__name__] = module
    exec(compile(text, "exam_program.py", "exec"), module.__dict__)
    return module.__dict__


class _Run:
    """One start of a program: its functions, or its module, ready to be called."""

    def __init__(self, program: Program, text: str) -> None:
        self.program, self.space = program, started(text)
        self.module: Any = None

    def give(self, side: int = 0, rows: str = "") -> Any:
        """Call the function, or the module with its inputs: all, two rows, or by columns."""
        made: Any = self.space[self.program.targets[min(side, len(self.program.targets) - 1)]]
        if self.program.base.form != "module":
            return made()
        if self.module is None:
            self.module, self.inputs = made()
        inputs = self.inputs
        if rows == "two":
            inputs = tuple(x[:2] for x in inputs)
        if rows == "columns":
            inputs = tuple(x.t().contiguous().t() for x in inputs)
        out = self.module(*inputs)
        return out[:2] if rows in ("two", "first") else out


def _fresh(program: Program, text: str, number: int, varied: Sequence[str], *how: Any) -> Any:
    with surroundings(number, varied):
        return _copied(_Run(program, text).give(*how))


def _copied(value: Any) -> tuple[str, Any]:
    """Keep a result's bits, and its numbers, before anything changes them."""
    return bits(value), numbers(value).clone()


def _twice(program: Program, text: str, reset: bool) -> list[Any]:
    with surroundings(0):
        run = _Run(program, text)
        if reset:
            _seed(10)
        first = _copied(run.give())
    with surroundings(0, seeds=reset):
        return [first, _copied(run.give())]


def results(program: Program, text: str, shown: str) -> list[Any]:
    """Give two results that differ only in what `shown` names, or in a list of words."""
    if shown in ("again", "reset"):
        return _twice(program, text, shown == "reset")
    if shown == "free":
        found = [_fresh(program, text, 0, ())]
        while len(found) < TRIES and len({row[0] for row in found}) == 1:
            found.append(_fresh(program, text, 0, ()))
        return found
    if shown in ("rows", "columns"):
        how = ("first", "two") if shown == "rows" else ("", "columns")
        return [_fresh(program, text, 0, (), 0, rows) for rows in how]
    varied = shown.split()
    return [_fresh(program, text, number, varied, number) for number in (0, 1)]


def differ(found: Sequence[Any], *, near: bool = False) -> bool:
    """Say whether results differ in any bit, or, if near, by more than rounding."""
    if not near:
        return len({row[0] for row in found}) > 1
    first = found[0][1]
    return not all(torch.allclose(row[1], first, rtol=1e-5, atol=1e-5) for row in found)


def _elsewhere(program: Program, besides: Sequence[str]) -> list[str]:
    """Give what is varied to see that nothing but the fault shows."""
    rest = " ".join(word for word in VARIED if word not in besides)
    ways = {
        "again": ["again", "reset", rest],
        "pair": ["calm", rest],
        "module": ["again", rest, "rows", "columns"],
    }
    if program.base.form == "pair" and "calm" in besides:
        return []  # what parts two functions at once does so whatever is varied
    return [way for way in ways[program.base.form] if way and way not in besides]


def _shows(program: Program, place: int) -> list[str]:
    """Give what is wrong with the proof of one fault that stands by itself."""
    fault, text, wrong = program.faults[place], program.only[place], []
    tries = {"hash": 0, "serial": TRIES}.get(fault.shown, 1)  # the hash seed: see prove_hashes
    if tries and not any(differ(results(program, text, fault.shown)) for _ in range(tries)):
        wrong.append(f"{fault.name}: no difference by {fault.shown}")
    if fault.shown == "free":
        return wrong
    return wrong + [
        f"{fault.name}: differs by {way}, too"
        for way in _elsewhere(program, (fault.shown, *fault.also))
        if differ(results(program, text, way), near=fault.near)
    ]


def prove(program: Program) -> list[str]:
    """Give what is wrong with a label, the hash seed aside; nothing where it is proved."""
    near = any(fault.near for fault in program.faults)
    wrong = [
        f"cured, it differs by {way}"
        for way in _elsewhere(program, ())
        if differ(results(program, program.clean, way), near=near)
    ]
    for place in range(len(program.faults)):
        wrong += _shows(program, place)
    return wrong


def prove_hashes(
    programs: Sequence[Program], seeds: Sequence[str] = ("1", "2", "3")
) -> dict[str, list[str]]:
    """Give what is wrong by the hash seed, for each name: all programs in the same processes."""
    rows = [(row, row.clean, "cured, it differs by hash", False) for row in programs]
    rows += [
        (row, text, f"{fault.name}: no difference by hash", True)
        for row in programs
        for fault, text in zip(row.faults, row.only, strict=True)
        if fault.shown == "hash"
    ]
    wrong: dict[str, list[str]] = {row.name: [] for row in programs}
    found = hashed([(text, row.targets) for row, text, *_ in rows], seeds)
    for (row, _, words, expected), results in zip(rows, found, strict=True):
        if (len(set(results)) > 1) != expected:
            wrong[row.name].append(words)
    return wrong


_HASHED = """
import json, sys
import torch
from tests.diagnosis_cases.proofs import bits
from tests.diagnosis_exam.proof import started, surroundings
found = []
for text, targets in json.load(sys.stdin):
    with surroundings(0):
        made = started(text)[targets[-1]]()
        if isinstance(made, tuple) and isinstance(made[0], torch.nn.Module):
            made = made[0](*made[1])
        found.append(bits(made))
json.dump(found, sys.stdout)
"""


def hashed(
    rows: Sequence[tuple[str, Sequence[str]]], seeds: Sequence[str]
) -> list[tuple[str, ...]]:
    """Give each program's results in processes with these hash seeds."""
    found = []
    for seed in seeds:
        ended = subprocess.run(
            [sys.executable, "-c", _HASHED],
            input=json.dumps([[text, list(targets)] for text, targets in rows]),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found.append(json.loads(ended.stdout))
    return list(zip(*found, strict=True))
