"""Interventions on batches: a call given many rows is made row by row, and put together again.

Owns the noting of how many rows each outermost module call and each of the user's functions and
methods was given, and the splitting of those calls.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.arguments import wrapped
from workbook.diagnosis.interventions.intervention import PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.patching import aside, patch
from workbook.diagnosis.probes.facts import FACTS, Fact

EVERY, OUTERMOST = "*", "the outermost"
_OF_A_LIST = (torch.Tensor, np.ndarray, str, list, dict)


class Batches:
    """Notes rows; splits the calls named in `split`.

    EVERY stands for every outermost module, OUTERMOST for the user's function or method that gets
    a batch while no other of them is running on one.
    """

    def __init__(self, split: frozenset[str]) -> None:
        self.split = split
        self.depth = 0
        self.inside = 0

    def modules(self) -> None:
        real = torch.nn.Module.__call__

        def call(this: Any, *args: Any, **kwargs: Any) -> Any:
            count, kind = (0, []) if self.depth else _batch(args, kwargs)
            if not count:
                return real(this, *args, **kwargs)
            self.depth += 1
            try:
                FACTS.counts["rows"] = FACTS.counts.get("rows", 0) + count
                FACTS.append("batches", [EVERY, count, kind])
                if EVERY in self.split and count > 1:
                    return _by_rows(functools.partial(real, this), args, kwargs, count)
                return real(this, *args, **kwargs)
            finally:
                self.depth -= 1

        patch(torch.nn.Module, "__call__", call)

    def functions(self, module: types.ModuleType, entries: frozenset[str]) -> None:
        wrapped(module, entries, self._noted, special=("__call__",))

    def _noted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        if name.endswith(".forward"):  # the module's call is noted
            return real
        first = 1 if "." in name else 0  # a method's batch comes after `self`

        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            count, kind = _batch(args[first:], kwargs)
            if not count:
                return real(*args, **kwargs)
            FACTS.append("batches", [name, count, kind])
            splits = name in self.split or (OUTERMOST in self.split and not self.inside)
            self.inside += 1
            try:
                if splits and count > 1:
                    bound = functools.partial(real, *args[:first])
                    return _by_rows(bound, args[first:], kwargs, count)
                return real(*args, **kwargs)
            finally:
                self.inside -= 1

        return aside(real, call)


def _batch(args: Any, kwargs: Any) -> tuple[int, list[Any]]:
    """How many rows a call was given, and of what kind: by its first argument, named or not."""
    first = args[0] if args else next(iter(kwargs.values()), None)
    return _rows(first)


def _rows(value: Any) -> tuple[int, list[Any]]:
    """How many rows a batch has, and of what kind; 0 for what is no batch."""
    if isinstance(value, torch.Tensor) and value.dim():
        return value.shape[0], list(value.shape[1:])
    if isinstance(value, list) and all(isinstance(one, _OF_A_LIST) for one in value):
        return len(value), ["of a list"]  # of several lengths, mostly, and padded by the program
    return 0, []


def _by_rows(real: Callable[..., Any], args: Any, kwargs: Any, count: int) -> Any:
    """Call once for each row; what has no rows in its answer is called whole."""

    def row(value: Any, i: int) -> Any:
        return value[i : i + 1] if _rows(value)[0] == count else value

    made = [
        real(*(row(a, i) for a in args), **{k: row(v, i) for k, v in kwargs.items()})
        for i in range(count)
    ]
    return _joined(made, lambda: real(*args, **kwargs))


def _joined(made: list[Any], whole: Callable[[], Any]) -> Any:
    first = made[0]
    if isinstance(first, torch.Tensor) and first.dim() and first.shape[0] == 1:
        return torch.cat(made)
    if isinstance(first, list) and len(first) == 1:
        return [one[0] for one in made]
    if isinstance(first, tuple) and type(first) is tuple:
        return tuple(_joined([one[i] for one in made], whole) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: _joined([one[key] for one in made], whole) for key in first}
    return whole()


def _modules(run: Setting) -> None:
    Batches(run.split).modules()


def _functions(run: Setting) -> None:
    batches = Batches(run.split)
    for module in run.modules:
        batches.functions(module, run.entries)


SPLIT = on(
    "split", "batch-coupling", "each row of a batch is passed by itself", 71,
    Fact.OTHER_BATCHES, axes=PAIR, install=_modules,
)  # fmt: skip
SPLIT_OUTERMOST = on(
    "split-outermost", "batch-coupling",
    "each row is passed by itself to the outermost function that takes a batch", 72,
    Fact.OTHER_BATCHES_INSIDE, axes=PAIR, install=_functions, stage=Stage.PROGRAM,
)  # fmt: skip
ROWS = (SPLIT, SPLIT_OUTERMOST)
