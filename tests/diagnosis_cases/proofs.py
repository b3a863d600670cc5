"""How a label is proved: run the program, change its text so that the cause is gone, run it again.

Owns a small harness of its own (exec, two seeds, two clocks, two file orders, two hash seeds), so
that a label never rests on the engine that it tests.
"""

from __future__ import annotations

import contextlib
import dis
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import numpy as np
import torch

HERE = Path(__file__).parent
# Where a thread writes what the others may have read.
SHARED = ("STORE_ATTR", "STORE_GLOBAL", "STORE_SUBSCR")
HASHED = """
import json, random, sys, time
import numpy, torch
from tests.diagnosis_cases.proofs import bits
time.time = lambda: 5.0
made = []
for text, target in json.load(sys.stdin):
    for seed in (torch.manual_seed, numpy.random.seed, random.seed):
        seed(0)
    space = {"__name__": "p"}
    exec(text, space)
    made.append(bits(space[target]()))
print(json.dumps(made))
"""


def bits(value: Any) -> str:
    """A result as text in which every bit counts."""
    if isinstance(value, torch.Tensor):
        flat = value.detach().contiguous()
        return f"{flat.dtype}{tuple(flat.shape)}{flat.reshape(-1).view(torch.uint8).tolist()}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{value.tobytes()!r}"
    if isinstance(value, dict):
        return str({key: bits(value[key]) for key in sorted(value)})
    if isinstance(value, (list, tuple)):
        return str([bits(item) for item in value])
    return repr(value)


def numbers(value: Any) -> torch.Tensor:
    """A result as one float64 vector."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return torch.cat([numbers(item) for item in value])
    return torch.as_tensor(value).detach().to(torch.float64).reshape(-1)


@contextlib.contextmanager
def _surroundings(number: int, varied: str, file: str) -> Iterator[None]:
    """Two sets of surroundings that differ only in what is varied."""
    seed = 10 + (number if "seed" in varied else 0)
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    with contextlib.ExitStack() as stack:
        if "seed" in varied:
            real = np.random.default_rng
            stack.enter_context(
                mock.patch.object(
                    np.random, "default_rng", lambda s=None: real(seed if s is None else s)
                )
            )
        moment = 1e9 + (54_321.25 * number if "clock" in varied else 0)
        stack.enter_context(mock.patch.object(time, "time", lambda: moment))
        real_list = os.listdir
        backward = bool(number) and "files" in varied
        stack.enter_context(
            mock.patch.object(
                os, "listdir", lambda path=".": sorted(real_list(path), reverse=backward)
            )
        )
        threads = torch.get_num_threads()
        torch.set_num_threads(4 if number and "threads" in varied else 1)
        stack.callback(torch.set_num_threads, threads)
        if "poison" in varied:
            stack.enter_context(_filled(7.0 * number))
        if "serial" in varied:
            stack.enter_context(_together(file) if number else _one_by_one())
        yield


@contextlib.contextmanager
def _filled(value: float) -> Iterator[None]:
    """torch.empty and np.empty hand out this value."""
    real = torch.empty

    def empty(*size: int, **more: object) -> torch.Tensor:
        return (
            real(*size, **more) if more or isinstance(size[0], tuple) else torch.full(size, value)
        )

    with (
        mock.patch.object(torch, "empty", empty),
        mock.patch.object(np, "empty", lambda shape, dtype=float: np.full(shape, value, dtype)),
    ):
        yield


@contextlib.contextmanager
def _one_by_one() -> Iterator[None]:
    """A thread runs to its end before the next one starts."""
    real = threading.Thread.start

    def start(self: threading.Thread) -> None:
        real(self)
        self.join()

    with mock.patch.object(threading.Thread, "start", start):
        yield


@contextlib.contextmanager
def _together(file: str) -> Iterator[None]:
    """A thread of this file waits before it writes, so that the others read what it read."""

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != file:
            return None
        frame.f_trace_opcodes = True
        code = frame.f_code.co_code
        if event == "opcode" and dis.opname[code[frame.f_lasti]] in SHARED:
            time.sleep(1e-5)
        return trace

    before = threading.gettrace()
    threading.settrace(trace)
    try:
        yield
    finally:
        threading.settrace(before)  # type: ignore[arg-type]  # None is what it is without a trace


def results(name: str, text: str, targets: list[str], varied: str) -> list[Any]:
    """What the program gives: two calls where "again" is varied, one in each surroundings else."""
    found = []
    space: dict[str, Any] = {}
    for number in (0, 1):
        with _surroundings(number, varied, f"{name}.py"):
            if not space or "again" not in varied:
                space = {"__name__": name, "__file__": str(HERE / f"{name}.py")}
                exec(compile(text, f"{name}.py", "exec"), space)
            made = space[targets[min(number, len(targets) - 1)]]()
            found.append(made.clone() if isinstance(made, torch.Tensor) else made)
    return found


def hashed(programs: Sequence[tuple[str, str]]) -> list[bool]:
    """Whether each program (its text, its function) gives the same with another hash seed.

    All of them run in one process for each of two seeds.
    """
    made = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", HASHED],
                input=json.dumps(programs),
                capture_output=True,
                text=True,
                check=True,
                cwd=HERE.parents[1],
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout.splitlines()[-1]
        )
        for seed in ("0", "1")
    ]
    return [one == other for one, other in zip(*made, strict=True)]
