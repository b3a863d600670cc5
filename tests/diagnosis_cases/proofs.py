"""How a label is proved: run the program, change its text so that the cause is gone, run it again.

Owns a small harness of its own (exec, two seeds, two clocks, two file orders, two hash seeds), so
that a label never rests on the engine that it tests.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

HERE = Path(__file__).parent


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
def _surroundings(number: int, varied: str) -> Iterator[None]:
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
            stack.enter_context(_one_by_one(number))
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
def _one_by_one(number: int) -> Iterator[None]:
    """Threads run to their end before the next one starts, the first time."""
    real = threading.Thread.start

    def start(self: threading.Thread) -> None:
        real(self)
        if not number:
            self.join()

    with mock.patch.object(threading.Thread, "start", start):
        yield


def results(name: str, text: str, targets: list[str], varied: str) -> list[Any]:
    """What the program gives: two calls where "again" is varied, one in each surroundings else."""
    found = []
    space: dict[str, Any] = {}
    for number in (0, 1):
        with _surroundings(number, varied):
            if not space or "again" not in varied:
                space = {"__name__": name, "__file__": str(HERE / f"{name}.py")}
                exec(compile(text, f"{name}.py", "exec"), space)
            made = space[targets[min(number, len(targets) - 1)]]()
            found.append(made.clone() if isinstance(made, torch.Tensor) else made)
    return found


def hashed(name: str, text: str, target: str) -> list[str]:
    """What the program gives in two processes with other hash seeds."""
    program = (
        f"import sys; sys.path.insert(0, {str(HERE.parents[1])!r})\n"
        f"from tests.diagnosis_cases.proofs import bits\nspace = {{'__name__': 'p'}}\n"
        f"import time; time.time = lambda: 5.0\n"
        f"exec({text!r}, space)\nprint(bits(space[{target!r}]()))"
    )
    return [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    ]
