"""What the names of a notebook hold, so that two runs of a cell can be compared.

Owns the reading of a namespace: tensors, arrays, numbers, modules, optimizers, containers.
"""

import types
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.probes.values import NotComparable, leaves
from workbook.trace import tensor_hash

_LARGEST = 1 << 20  # numbers of a tensor that is kept as it is; of a larger one its hash
_MOST = 2_000  # leaves of one name
Held = dict[str, Any]


def held(namespace: dict[str, Any], hidden: frozenset[str] = frozenset()) -> dict[str, Held]:
    """Read what each name holds; names of functions, modules and of the notebook are left out."""
    contents = {}
    for name, value in list(namespace.items()):
        if name.startswith("_") or name in hidden or isinstance(value, _LEFT_OUT):
            continue
        content = _content(value)
        if content:
            contents[name] = content
    return contents


_LEFT_OUT = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def _content(value: Any) -> Held:
    if isinstance(value, torch.nn.Module):
        modes = {f".{k}.training": m.training for k, m in value.named_modules()}
        return {f".{k}": _plain(v) for k, v in value.state_dict().items()} | modes
    if isinstance(value, torch.optim.Optimizer):
        value = value.state_dict()
    try:
        rows = []
        for row in leaves(value):
            rows.append(row)
            if len(rows) >= _MOST:
                break
    except NotComparable:
        return {}
    return {path: _plain(leaf) for path, leaf in rows}


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        plain = value.detach()
        small = plain.numel() <= _LARGEST and plain.layout is torch.strided
        return plain.cpu().clone() if small else f"{tensor_hash(plain.cpu()):016x}"
    return value.copy() if isinstance(value, np.ndarray) else value


def code(content: Held) -> str:
    """Write the content of a name as a text that is equal for equal content."""
    parts = [
        f"{key} {value.dtype} {tuple(value.shape)} {tensor_hash(value):016x}"
        if isinstance(value, torch.Tensor)
        else f"{key} {value.tobytes().hex()[:64]} {hash(value.tobytes())}"
        if isinstance(value, np.ndarray) and value.dtype != object
        else f"{key} {value!r}"
        for key, value in content.items()
    ]
    return "\n".join(parts)


def shown(content: Held) -> str:
    """Show the content of a name in short: a number, or the first numbers of a tensor."""
    value = next(iter(content.values()))
    if isinstance(value, torch.Tensor):
        first = value.reshape(-1)[:1].tolist()
        return f"{first[0]:.9g}" if value.numel() == 1 else f"{tuple(value.shape)}, first {first}"
    return repr(value)[:40]
