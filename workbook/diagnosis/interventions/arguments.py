"""Interventions on what calls leave behind: changed arguments, and modules that remember.

Owns the noting of helpers that change what they are given, the putting back of it, and modules
that start each call from the state of their first. Tried only where nothing else explains.
"""

from __future__ import annotations

import collections
import copy
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.patching import aside, patch
from workbook.diagnosis.probes.facts import FACTS, Fact

_REMEMBERED = (torch.Tensor, np.ndarray, bool, int, float, str, type(None))
KEEP = "keep:"  # before the name of a helper whose arguments are put back
_CONTAINERS = (list, dict, set, collections.deque)


def _keep_arguments(run: Setting) -> None:
    """Note which of the user's functions change their arguments; put back what some change."""
    for module in run.modules if run.has(KEEP_ARGUMENTS) else ():
        wrapped(module, run.entries, lambda name, real: _kept(name, real, run.split))


def _plain_arguments(run: Setting) -> None:
    for module in run.modules if run.has(PLAIN_ARGUMENTS) else ():
        wrapped(module, run.entries, _plain)


def wrapped(
    module: types.ModuleType,
    entries: frozenset[str],
    wrap: Callable[[str, Any], Any],
    special: tuple[str, ...] = (),
) -> None:
    """Put a wrapper round every helper and method of the user's, but for the entries.

    Of the methods with two underscores only the `special` ones get one.
    """
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", "") != module.__name__ or name in entries:
            continue
        if isinstance(value, types.FunctionType):
            setattr(module, name, wrap(name, value))
        elif isinstance(value, type):
            for label, method in list(vars(value).items()):
                plain = not label.startswith("__") or label in special
                if isinstance(method, types.FunctionType) and plain:
                    setattr(value, label, wrap(f"{name}.{label}", method))


def _kept(name: str, real: Callable[..., Any], kept: frozenset[str]) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        data = [v for v in tree_leaves((args, kwargs)) if isinstance(v, (torch.Tensor, np.ndarray))]
        before = [_copied(v) for v in data]
        made = real(*args, **kwargs)
        changed = [(v, b) for v, b in zip(data, before, strict=True) if not _equal(v, b)]
        if changed:
            FACTS.append("mutated", name)
            if f"{KEEP}{name}" in kept:
                made = tree_map(lambda v: _copied(v) if _shares(v, changed) else v, made)
                for value, content in changed:
                    _write(value, content)
        return made

    return aside(real, call)


def _plain(_: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """Give a helper contiguous arrays (torch's tensors are made so operation by operation)."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = tree_map(_contiguous, (args, kwargs))
        return real(*args, **kwargs)

    return aside(real, call)


def _contiguous(value: Any) -> Any:
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else value


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value.copy()


def _equal(value: Any, content: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.shape == content.shape and torch.equal(value.detach(), content)
    return bool(np.array_equal(value, content))


def _shares(value: Any, changed: list[tuple[Any, Any]]) -> bool:
    return any(value is one for one, _ in changed)


def _write(value: Any, content: Any) -> None:
    if isinstance(value, np.ndarray):
        value[...] = content
    elif value.shape == content.shape:
        value.data.copy_(content)


def _forget(run: Setting) -> None:
    """Let every outermost module start each call from what it held before its first."""
    if not run.has(FORGET):
        return
    real = torch.nn.Module.__call__
    first: dict[int, tuple[Any, list[tuple[Any, dict[str, Any]]]]] = {}
    depth = [0]

    def call(this: Any, *args: Any, **kwargs: Any) -> Any:
        if depth[0]:
            return real(this, *args, **kwargs)
        if id(this) not in first:
            first[id(this)] = this, [(part, memory(part)) for part in this.modules()]
        else:
            for part, held in first[id(this)][1]:
                for name, value in held.items():
                    setattr(part, name, own(value))
        depth[0] += 1
        try:
            return real(this, *args, **kwargs)
        finally:
            depth[0] -= 1

    patch(torch.nn.Module, "__call__", call)


def memory(part: torch.nn.Module) -> dict[str, Any]:
    """Copy what a module remembers beside its parameters: buffers, numbers, containers."""
    held = {k: v for k, v in vars(part).items() if not k.startswith("_") and k != "training"}
    kinds = (*_REMEMBERED, *_CONTAINERS)
    found = {k: own(v) for k, v in held.items() if isinstance(v, kinds)}
    return found | {k: own(v) for k, v in part._buffers.items() if v is not None}


def own(value: Any) -> Any:
    """Give a copy of a remembered value."""
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.copy(value)


def same(value: Any, other: Any) -> bool:
    """Whether two remembered values are the same, in kind and content."""
    if isinstance(value, torch.Tensor) and isinstance(other, torch.Tensor):
        return value.shape == other.shape and torch.equal(value, other)
    return type(value) is type(other) and repr(value) == repr(other)


# Putting back what a call leaves behind may break a program that means to keep it.
KEEP_ARGUMENTS = on(
    "keep-arguments", "input-mutated", "what a helper was given is put back after it", 79,
    Fact.UNEXPLAINED, axes=PAIR, install=_keep_arguments, stage=Stage.PROGRAM,
)  # fmt: skip
PLAIN_ARGUMENTS = on(
    "plain-arguments", "memory-layout", "arrays that a helper is given are contiguous", 80,
    Fact.UNEXPLAINED, axes=PAIR, install=_plain_arguments, stage=Stage.PROGRAM,
)  # fmt: skip
FORGET = on(
    "forget", "module-state", "each call of a module starts from its first state", 82,
    Fact.UNEXPLAINED, axes=PAIR, install=_forget,
)  # fmt: skip
ROWS = (KEEP_ARGUMENTS, PLAIN_ARGUMENTS, FORGET)
