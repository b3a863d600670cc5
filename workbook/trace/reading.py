"""What an operation and its tensors are, read once: does it mutate, draw, only look?

Owns these readings. Knows nothing of how they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

SAMPLES = 4  # values kept of each output, for drawing


@dataclass(frozen=True)
class Operation:
    """One operation as it was recorded; hashes are 64-bit numbers."""

    index: int
    name: str
    module: str
    line: str
    signature: str  # shapes and dtypes, in -> out
    inputs: int
    outputs: int
    sample: tuple[float, ...]


def facts(func: Any) -> tuple[str, bool, bool, bool, bool]:
    """Its name; whether it mutates, draws, only looks, and leaves its output unwritten."""
    schema, name = func._schema, str(func)
    looks = not schema.is_mutable and (
        any(made.alias_info is not None for made in schema.returns) or name in _LOOKS
    )
    blank = name.startswith(_BLANK)
    return name, schema.is_mutable, torch.Tag.nondeterministic_seeded in func.tags, looks, blank


# Views that their schemas do not call so, and operations that hand out unwritten memory.
_LOOKS = (
    "aten._unsafe_view.default",
    "aten._reshape_alias.default",
    "aten.lift_fresh.default",
    "aten.detach.default",
    "aten.alias.default",
)
_BLANK = ("aten.empty", "aten.new_empty", "aten._empty")
DISABLED = torch.Tensor.__torch_dispatch__


def plain_hash(value: Any) -> int:
    """A hash of a plain argument that is the same in every process."""
    if isinstance(value, (str, torch.dtype)):  # Python salts the hashes of strings
        return int.from_bytes(str(value).encode()[:8], "little")
    return hash(value) & 0xFFFFFFFFFFFFFFFF


def shape(shape: Any, dtype: torch.dtype) -> str:
    """Shape and dtype in words: `float32[2,3]`."""
    return f"{str(dtype).removeprefix('torch.')}[{','.join(str(int(n)) for n in shape)}]"


def sample(tensors: list[torch.Tensor]) -> tuple[float, ...]:
    """Four values spread over the first output, for drawing; NaN where there are fewer."""
    kept: list[float] = []
    if tensors and tensors[0].numel() and not tensors[0].is_complex():
        flat = tensors[0].detach().reshape(-1)
        step = max(1, flat.numel() // SAMPLES)
        kept = [float(value) for value in flat[::step][:SAMPLES].tolist()]
    return tuple(kept + [float("nan")] * (SAMPLES - len(kept)))
