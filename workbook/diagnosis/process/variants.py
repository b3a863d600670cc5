"""The calls that are made of a module: again, with fewer and other rows, another layout, an offset.

Owns the variants of `--model`. Each is a function without arguments, so that a run treats it like
any other call.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

Step = Callable[[], Any]
BATCHES = {
    "alone": "the row alone",
    "last": "the last row alone",
    "half": "half of the rows",
    "others": "other rows beside it",
}


def model_steps(build: Step, request: dict[str, Any]) -> tuple[list[Step], dict[str, Any]]:
    """One step for each variant that the request names; rows of the batch are answered as rows."""
    made = build()
    if not (isinstance(made, tuple) and len(made) == 2 and callable(made[0])):
        name = request["steps"][0]["name"]
        raise TypeError(
            f"{name} must return (module, inputs), the inputs as a tuple, or by name as a dict, "
            f"got {type(made).__name__}"
        )
    module, inputs = made
    called = module
    if isinstance(inputs, dict):
        called, inputs = _by_name(module, list(inputs)), tuple(inputs.values())
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    dim = batch_dim(module, inputs)
    steps = [_variant(name, called, inputs, dim) for name in request["variants"]]
    return steps, {"module": module, "inputs": inputs}


def _by_name(module: Any, names: list[str]) -> Callable[..., Any]:
    return lambda *inputs: module(**dict(zip(names, inputs, strict=True)))


def batch_dim(module: Any, inputs: tuple[Any, ...]) -> int:
    """Which dimension counts the examples: 1 where a sequence comes first, else 0."""
    parts = list(module.modules()) if isinstance(module, torch.nn.Module) else []
    first = next((p.batch_first for p in parts if hasattr(p, "batch_first")), True)
    deep = bool(inputs) and isinstance(inputs[0], torch.Tensor) and inputs[0].dim() >= 3
    return 1 if not first and deep else 0


def _variant(name: str, module: Any, inputs: tuple[Any, ...], dim: int) -> Step:
    tensors = [v for v in inputs if isinstance(v, torch.Tensor) and v.dim() > dim]
    count = tensors[0].shape[dim] if tensors else 0

    def call() -> Any:
        if name in BATCHES:
            made = module(*[_cut(v, name, count, dim) for v in inputs])
            kept = _part(name, count)[1]
            return {"row": {name: _rows(made, 0, kept, count if name == "others" else kept, dim)}}
        given = [_moved(v, name) if name in ("strided", "offset") else v for v in inputs]
        made = module(*given)
        parts = {batch: _part(batch, count) for batch in BATCHES}
        rows = {batch: _rows(made, *part, count, dim) for batch, part in parts.items()}
        return {"row": rows, "whole": made}

    return call


def _part(name: str, count: int) -> tuple[int, int]:
    """Give the first of the rows that are compared when the batch is changed, and how many."""
    if name == "half":
        return 0, min(count, max(2, count // 2))
    return (count - 1 if name == "last" else 0), 1


def _cut(value: Any, name: str, count: int, dim: int) -> Any:
    fits = isinstance(value, torch.Tensor) and value.dim() > dim and value.shape[dim] == count
    if not fits:
        return value
    if name == "others":  # the first row stays, the rest is turned round
        rest = value.narrow(dim, 1, count - 1)
        rest = rest.flip(dim) * 3 if value.is_floating_point() else rest.flip(-1)
        return torch.cat([value.narrow(dim, 0, 1), rest], dim)
    return value.narrow(dim, *_part(name, count)).clone()


def _rows(made: Any, start: int, kept: int, count: int, dim: int) -> list[torch.Tensor]:
    """Give some rows of every output that has `count` rows."""
    tensors = [t for t in tree_leaves(made) if isinstance(t, torch.Tensor) and t.dim() > dim]
    return [t.narrow(dim, start, kept) for t in tensors if t.shape[dim] == count]


def _moved(value: Any, how: str) -> Any:
    if not isinstance(value, torch.Tensor) or value.numel() < 2:
        return value
    if how == "strided" and value.dim() >= 2:
        turned = value.transpose(-1, -2).contiguous().transpose(-1, -2)
        return turned if value.dim() != 4 else value.contiguous(memory_format=torch.channels_last)
    room = value.new_empty(value.numel() + 1)
    room[1:] = value.reshape(-1)
    return room[1:].view(value.shape)
