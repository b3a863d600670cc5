"""Memory: what is handed out unwritten is filled, and views that lie on one another get copies.

Owns the dispatch mode and the patches of NumPy and torch that do so. They act in a child process
that ends with the run.
"""

from types import FrameType
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import (
    AGAIN,
    PAIR,
    Intervention,
    Setting,
    Stage,
    on,
)
from workbook.diagnosis.patching import by_user, caller, caller_of_operation, wrap
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import is_user_file, line_of

_PERIOD, _LARGE = 11, (0, 1, 3, 4, 5, 9)  # the squares modulo a prime
_NAMES = "empty empty_like empty_strided new_empty new_empty_strided empty_permuted resize_"
_UNWRITTEN = frozenset(f"aten::{name}" for name in _NAMES.split())


class Poison(Dispatch):
    """Fill memory that an operation hands out unwritten: with zeros, or with NaN and large numbers.

    A program may leave out NaN, and NaN may be all that shows. Neither lies at regular distances:
    every row, column or other part of a tensor that is read has some of both.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.zero = kind == "zero"
        wrap(self._array, np, "empty", "empty_like")

    def _array(self, real: Any, *args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if made.dtype.kind in "fciub":
            _note("np.empty", caller())
            floats = made.dtype.kind in "fc"
            made.fill(0 if self.zero else (np.nan if floats else 1))
            for start in _LARGE if floats and not self.zero else ():
                made.flat[start::_PERIOD] = np.finfo(made.dtype).max / 4
        return made

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name
        before = args[0].numel() if name == "aten::resize_" else 0
        out = func(*args, **(kwargs or {}))
        if name in _UNWRITTEN and isinstance(out, torch.Tensor) and out.device.type != "meta":
            _note(name.replace("aten::", "torch."), caller_of_operation())
            self._fill(out.reshape(-1)[before:] if before else out)
        return out

    def _fill(self, part: torch.Tensor) -> None:
        if self.zero:
            part.zero_()
        elif part.is_floating_point() or part.is_complex():
            part.fill_(float("nan"))
            flat = part.view(-1) if part.is_contiguous() else part
            for start in _LARGE:
                flat[start::_PERIOD] = torch.finfo(part.dtype).max / 4
        else:
            part.fill_(1 if part.dtype in (torch.bool, torch.uint8) else 7)


def _note(name: str, frame: FrameType) -> None:
    FACTS.add(Fact.EMPTY)
    if is_user_file(frame.f_code.co_filename):
        FACTS.place(POISON.cause, f"{name} at {line_of(frame)}")


def _poison(run: Setting) -> None:
    if kind := run.given.get(POISON.name):
        run.stack.enter_context(Poison(kind))


def _windows(run: Setting) -> None:
    def view(real: Any, *args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if by_user():
            FACTS.add(Fact.WINDOWS)
            if run.has(COPY_WINDOWS):
                packed = torch.contiguous_format
                tensor = isinstance(made, torch.Tensor)
                return made.clone(memory_format=packed) if tensor else made.copy()
        return made

    wrap(view, torch.Tensor, "unfold", "as_strided", "expand", "expand_as", "broadcast_to")
    wrap(view, torch, "as_strided", "broadcast_to")
    wrap(view, np, "broadcast_to")
    wrap(view, np.lib.stride_tricks, "as_strided", "sliding_window_view")


POISON = Intervention(
    "poison", "hold", "uninitialised-memory", "memory handed out unwritten holds zeros", 42,
    frozenset({Fact.EMPTY}), AGAIN | PAIR, _poison, Stage.SURROUNDINGS, values=("zero", "nan"),
    condition="NaN and large numbers in memory handed out unwritten")  # fmt: skip
COPY_WINDOWS = on(
    "copy-windows", "overlapping-memory", "overlapping windows of a tensor are copies", 16,
    Fact.WINDOWS, axes=AGAIN | PAIR, install=_windows,
    fix="Copy the view before writing to it: x.unfold(...).clone(), "
        "x.expand(...).clone().")  # fmt: skip
ROWS = (POISON, COPY_WINDOWS)
