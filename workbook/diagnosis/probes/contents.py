"""One thing that a program can change between calls: what it held, and how that is put back.

Owns when a thing differs from what it held. Knows nothing of where things are found.
"""

import collections
import copy
import functools
import types
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workbook.trace import tensor_hash

SIMPLE = (bool, int, float, complex, str, bytes, type(None))


@dataclass
class Thing:
    """One thing that can change: where it is, what it held, and how to put that back."""

    name: str
    kind: str
    holder: Any
    content: Any


@dataclass
class Place:
    """Where an iterator is kept: it cannot be wound back, but another can take its place."""

    holder: Any  # a cell, or a dict with `key`
    key: Any

    def now(self) -> Any:
        """Give the iterator that is there."""
        if isinstance(self.holder, types.CellType):
            return self.holder.cell_contents
        return self.holder.get(self.key)

    def put(self, value: Any) -> None:
        """Let another iterator be there."""
        if isinstance(self.holder, types.CellType):
            self.holder.cell_contents = value
        else:
            self.holder[self.key] = value


def wound(value: Any) -> Any:
    """How far an iterator has come (`itertools.count`, a list's); None where that is hidden."""
    if not callable(getattr(value, "__next__", None)):
        return None
    try:
        with warnings.catch_warnings():  # it is asked here, and not by the program
            warnings.simplefilter("ignore", DeprecationWarning)
            far = value.__reduce__()[-1]
            copy.copy(value)
    except (TypeError, AttributeError):  # a generator, a file
        return None
    numbers = far if isinstance(far, tuple) else (far,)
    return far if numbers and all(isinstance(n, (int, float)) for n in numbers) else None


def differs(thing: Thing) -> bool:
    """Whether it no longer holds what it held."""
    holder, held = thing.holder, thing.content
    if isinstance(holder, Place):
        return bool(wound(holder.now()) != wound(held))
    if thing.kind == "gradient":
        holder = holder.grad
        if holder is None or held is None:
            return holder is not held
    if isinstance(holder, torch.Tensor):
        return holder.shape != held.shape or tensor_hash(holder) != tensor_hash(held)
    if isinstance(holder, np.ndarray):
        return bool(holder.tobytes() != held.tobytes())
    if isinstance(holder, types.CellType):
        return bool(holder.cell_contents is not held)
    if isinstance(holder, functools._lru_cache_wrapper):
        return bool(holder.cache_info().currsize != held)
    now = vars(holder) if isinstance(holder, type) else holder
    if isinstance(now, (dict, types.MappingProxyType)):
        now = {k: v for k, v in now.items() if not (isinstance(k, str) and k.startswith("__"))}
        same = now.keys() == {k for k in held if not (isinstance(k, str) and k.startswith("__"))}
        return bool(
            not same or any(now[k] is not held[k] and not _equal(now[k], held[k]) for k in now)
        )
    if isinstance(now, (set, bytearray)):
        return bool(now != held)
    return len(now) != len(held) or any(
        a is not b and not _equal(a, b) for a, b in zip(now, held, strict=True)
    )


def _equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and isinstance(a, SIMPLE) and a == b


def own(value: Any) -> Any:
    """Give a copy of a value that owns its memory."""
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.copy(value)


def memory(part: Any) -> dict[str, Any]:
    """Copy what a module or object remembers beside parameters: buffers, numbers, containers."""
    buffers = getattr(part, "_buffers", {})
    hidden = ("_",) if type(part).__module__.startswith("torch.") else ()
    held = {k: v for k, v in vars(part).items() if k not in _INTERNAL and not k.startswith(hidden)}
    held = {k: v for k, v in held.items() if isinstance(v, _REMEMBERED)} | buffers
    return {k: own(v) for k, v in held.items() if v is not None or k not in buffers}


def recall(part: Any, held: dict[str, Any]) -> None:
    """Let a module or object remember what `memory` gave."""
    put = setattr if isinstance(part, torch.nn.Module) else object.__setattr__
    for name, value in held.items():
        put(part, name, own(value))


def same(value: Any, other: Any) -> bool:
    """Whether two remembered values are the same, in kind and content."""
    if isinstance(value, torch.Tensor) and isinstance(other, torch.Tensor):
        return value.shape == other.shape and torch.equal(value, other)
    return type(value) is type(other) and repr(value) == repr(other)


_INTERNAL = frozenset(vars(torch.nn.Module()))
_CONTAINERS = (list, dict, set, collections.deque)
_REMEMBERED = (torch.Tensor, np.ndarray, bool, int, float, str, type(None), *_CONTAINERS)


def restore(thing: Thing) -> None:
    """Give it what it held."""
    holder, held = thing.holder, thing.content
    if isinstance(holder, Place):
        holder.put(copy.copy(held))
    elif thing.kind == "gradient":
        holder.grad = None if held is None else held.clone()
    elif isinstance(holder, torch.Tensor):
        with torch.no_grad():
            if holder.shape != held.shape:
                holder.data = held.clone()
            else:
                holder.data.copy_(held)
    elif isinstance(holder, np.ndarray):
        holder[...] = held
    elif isinstance(holder, types.CellType):
        holder.cell_contents = held
    elif isinstance(holder, functools._lru_cache_wrapper):
        holder.cache_clear()
    elif isinstance(holder, type):
        for key in [k for k in vars(holder) if not k.startswith("__") and k not in held]:
            delattr(holder, key)
        for key, value in held.items():
            if vars(holder).get(key) is not value:
                setattr(holder, key, value)
    elif isinstance(holder, dict):
        hidden = {k: v for k, v in holder.items() if isinstance(k, str) and k.startswith("__")}
        holder.clear()
        holder.update({**hidden, **held})
    else:
        holder.clear()
        (holder.update if isinstance(holder, set) else holder.extend)(held)
