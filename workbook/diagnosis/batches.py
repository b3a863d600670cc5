"""Interventions on batches: a call given many rows is made row by row, and put together again.

Owns the noting of how many rows each outermost module call and each of the user's functions was
given, and the splitting of those calls.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import torch

from workbook.diagnosis.facts import FACTS


class Batches:
    """Notes rows; splits the calls named in `split` ("*" stands for every outermost module)."""

    def __init__(self, split: frozenset[str]) -> None:
        self.split = split
        self.depth = 0

    def modules(self) -> None:
        real = torch.nn.Module.__call__

        def call(this: Any, *args: Any, **kwargs: Any) -> Any:
            if self.depth or not args or not isinstance(args[0], torch.Tensor) or not args[0].dim():
                return real(this, *args, **kwargs)
            self.depth += 1
            try:
                FACTS.counts["rows"] = FACTS.counts.get("rows", 0) + args[0].shape[0]
                FACTS.append("batches", ["*", args[0].shape[0], list(args[0].shape[1:])])
                if "*" in self.split and args[0].shape[0] > 1:
                    return _by_rows(functools.partial(real, this), args, kwargs)
                return real(this, *args, **kwargs)
            finally:
                self.depth -= 1

        torch.nn.Module.__call__ = call

    def functions(self, module: types.ModuleType, entries: set[str]) -> None:
        for name, value in list(vars(module).items()):
            own = isinstance(value, types.FunctionType) and value.__module__ == module.__name__
            if own and name not in entries:
                setattr(module, name, self._noted(name, value))

    def _noted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not args or not isinstance(args[0], torch.Tensor) or not args[0].dim():
                return real(*args, **kwargs)
            FACTS.append("batches", [name, args[0].shape[0], list(args[0].shape[1:])])
            if name in self.split and args[0].shape[0] > 1:
                return _by_rows(real, args, kwargs)
            return real(*args, **kwargs)

        return call


def _by_rows(real: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call once for each row; what has no rows in its answer is called whole."""
    count = args[0].shape[0]

    def row(value: Any, i: int) -> Any:
        fits = isinstance(value, torch.Tensor) and value.dim() and value.shape[0] == count
        return value[i : i + 1] if fits else value

    made = [
        real(*(row(a, i) for a in args), **{k: row(v, i) for k, v in kwargs.items()})
        for i in range(count)
    ]
    return _joined(made, lambda: real(*args, **kwargs))


def _joined(made: list[Any], whole: Callable[[], Any]) -> Any:
    first = made[0]
    if isinstance(first, torch.Tensor) and first.dim() and first.shape[0] == 1:
        return torch.cat(made)
    if isinstance(first, tuple) and type(first) is tuple:
        return tuple(_joined([one[i] for one in made], whole) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: _joined([one[key] for one in made], whole) for key in first}
    return whole()
