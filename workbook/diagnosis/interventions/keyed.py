"""Draws that are held: each takes its numbers from where it stands, or each row the same ones.

Owns the dispatch modes and patches that do so. A draw in between shifts nothing then.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import linecache
import random
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.patching import caller, wrap
from workbook.diagnosis.probes.generators import get_state, put_state
from workbook.trace.dispatch import Dispatch

_NUMPY_DRAWS = (
    "rand randn randint random uniform normal choice shuffle permutation standard_normal "
    "random_sample"
)
_PYTHON_DRAWS = "random uniform randint choice choices sample shuffle gauss normalvariate randrange"


class Epoch:
    """The last seed that was set, and how often each place has drawn since."""

    def __init__(self, keep_seeds: bool, start: int) -> None:
        self.keep_seeds = keep_seeds
        self.seed = f"start {start}" if keep_seeds else "any"
        self.drawn: dict[str, int] = {}

    def set(self, value: Any) -> None:
        """Begin anew: a seed was set."""
        if self.keep_seeds:
            self.seed, self.drawn = repr(value), {}

    @contextlib.contextmanager
    def keyed(self, generator: Any, place: str) -> Iterator[None]:
        """Let a generator draw what belongs to a place; it goes on as if it had not drawn."""
        number = self.drawn[place] = self.drawn.get(place, 0) + 1
        code = hashlib.blake2b(f"{self.seed}|{place}|{number}".encode(), digest_size=4)
        state = get_state(generator)
        seed = generator.manual_seed if hasattr(generator, "manual_seed") else generator.seed
        seed(int.from_bytes(code.digest(), "little"))
        try:
            yield
        finally:
            put_state(generator, state)


class KeyedDraws(Dispatch):
    """Every torch draw takes its numbers from its place: operation, shape, text of the line."""

    def __init__(self, epoch: Epoch) -> None:
        super().__init__()
        self.epoch = epoch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.endswith(("_compile.py", "eval_frame.py")):
            frame = frame.f_back
        own = kwargs.get("generator")
        if own is not None and self.epoch.keep_seeds:
            return func(*args, **kwargs)  # a generator of its own is not shifted by others
        shapes = [tuple(a.shape) if isinstance(a, torch.Tensor) else a for a in args]
        generator = own if own is not None else _generator(args, kwargs)
        with self.epoch.keyed(generator, f"{func}{shapes}{_text(frame)}"):
            return func(*args, **kwargs)


def _text(frame: FrameType) -> str:
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()


def _generator(args: Any, kwargs: dict[str, Any]) -> torch.Generator:
    """Give the global generator of the device that an operation draws on."""
    first = next((value for value in args if isinstance(value, torch.Tensor)), None)
    device = torch.device(kwargs.get("device") or (first.device if first is not None else "cpu"))
    module: Any = getattr(torch, device.type, None)
    if device.type == "cpu" or not hasattr(module, "default_generators"):
        return torch.default_generator
    number = device.index if device.index is not None else module.current_device()
    found: torch.Generator = module.default_generators[number]
    return found


class Still(Dispatch):
    """Every torch draw of floating-point numbers gives each row the same ones, however many rows.

    It is awake while the calls run: weights and inputs are drawn before. What draws and computes in
    one operation (a fused dropout) is left as it is.
    """

    awake = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded not in func.tags or not self.awake:
            return out
        if isinstance(out, torch.Tensor) and out.is_floating_point() and out.numel():
            width = out.shape[-1] if out.dim() > 1 else 1  # the other dimensions count the rows
            places = torch.arange(1, width + 1, dtype=torch.float64, device=out.device)
            out.copy_((places * _GOLDEN % 1.0).expand_as(out))
        return out


_GOLDEN = (5**0.5 - 1) / 2  # its multiples fill the numbers from 0 to 1 evenly


def keyed_others(epoch: Epoch) -> None:
    """Key the draws of NumPy's and `random`'s global generators in the same way."""

    def draw(generator: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
        with epoch.keyed(generator, f"{type(generator)}.{real.__name__}|{_text(caller())}"):
            return real(*args, **kwargs)

    numpys, pythons = np.random.mtrand._rand, random._inst  # type: ignore[attr-defined]
    wrap(functools.partial(draw, numpys), np.random, *_NUMPY_DRAWS.split())
    wrap(functools.partial(draw, pythons), random, *_PYTHON_DRAWS.split())
