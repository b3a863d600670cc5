"""The calls that are made of a module: again, with fewer and other rows, another layout, an offset.

Owns the variants of `--model`. Each is a function without arguments, so that a run treats it like
any other call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Step = tuple[Callable[[], Any], dict[str, Any]]
VARIANTS = ("plain", "again", "alone", "half", "others", "strided", "offset")


def model_steps(
    build: Callable[[], Any], step: dict[str, Any], request: dict[str, Any]
) -> tuple[list[Step], dict[str, Any]]:
    """One step for each variant that the request names; rows of the batch are answered as rows."""
    made = build()
    if not (isinstance(made, tuple) and len(made) == 2 and callable(made[0])):
        raise TypeError(
            f"{step['name']} must return (module, tuple of inputs), got {type(made).__name__}"
        )
    module, inputs = made
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    dim = batch_dim(module, inputs)
    steps = [
        (_variant(name, module, inputs, dim), {**step, "variant": name})
        for name in request["variants"]
    ]
    return steps, {"module": module, "inputs": inputs}


def batch_dim(module: Any, inputs: tuple[Any, ...]) -> int:
    """Which dimension counts the examples: 1 where a sequence comes first, else 0."""
    parts = list(module.modules()) if isinstance(module, torch.nn.Module) else []
    first = next((p.batch_first for p in parts if hasattr(p, "batch_first")), True)
    deep = bool(inputs) and isinstance(inputs[0], torch.Tensor) and inputs[0].dim() >= 3
    return 1 if not first and deep else 0


def _variant(name: str, module: Any, inputs: tuple[Any, ...], dim: int) -> Callable[[], Any]:
    tensors = [v for v in inputs if isinstance(v, torch.Tensor) and v.dim() > dim]
    count = tensors[0].shape[dim] if tensors else 0

    def call() -> Any:
        if name in ("plain", "again"):
            return _rows(module(*inputs), 1, count, dim, whole=True)
        if name in ("strided", "offset"):
            given = [_moved(v, name) for v in inputs]
            return _rows(module(*given), 1, count, dim, whole=True)
        kept = {"alone": 1, "half": max(2, count // 2), "others": count}[name]
        given = [_cut(v, kept, count, dim, name == "others") for v in inputs]
        return _rows(module(*given), 1, kept, dim)

    return call


def _cut(value: Any, kept: int, count: int, dim: int, others: bool) -> Any:
    fits = isinstance(value, torch.Tensor) and value.dim() > dim and value.shape[dim] == count
    if not fits:
        return value
    if others:  # the first row stays, the rest is turned round
        rest = value.narrow(dim, 1, count - 1)
        rest = rest.flip(dim) * 3 if value.is_floating_point() else rest.flip(-1)
        return torch.cat([value.narrow(dim, 0, 1), rest], dim)
    return value.narrow(dim, 0, kept).clone()


def _rows(made: Any, kept: int, count: int, dim: int, whole: bool = False) -> Any:
    """The first row of every output that has rows, beside the whole output where it is wanted."""
    found = list(_tensors(made))
    rows = [t.narrow(dim, 0, kept) for t in found if t.dim() > dim and t.shape[dim] == count]
    return {"row": rows, "whole": made} if whole else {"row": rows}


def _tensors(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for key in value:
            yield from _tensors(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _moved(value: Any, how: str) -> Any:
    if not isinstance(value, torch.Tensor) or value.numel() < 2:
        return value
    if how == "strided" and value.dim() >= 2:
        turned = value.transpose(-1, -2).contiguous().transpose(-1, -2)
        return turned if value.dim() != 4 else value.contiguous(memory_format=torch.channels_last)
    room = value.new_empty(value.numel() + 1)
    room[1:] = value.reshape(-1)
    return room[1:].view(value.shape)
