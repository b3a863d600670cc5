"""What an operation and its tensors are, read once: does it mutate, draw, only look?

Owns these readings. Knows nothing of how they are kept.
"""

import functools
import struct
from dataclasses import dataclass
from typing import Any

import torch

SAMPLES = 4  # values kept of each output, for drawing


@dataclass(frozen=True)
class Operation:
    """One operation as it was recorded.

    `line` is the user's line as `file.py:12`, `inputs` and `outputs` are 64-bit hashes.

    >>> from workbook.trace import Trace
    >>> with Trace() as trace:
    ...     _ = torch.ones(2, 3).sum(0)
    >>> trace[1].name, trace[1].signature
    ('aten.sum.dim_IntList', 'float32[2,3] -> float32[3]')
    """

    index: int
    name: str
    module: str
    line: str
    signature: str  # shapes and dtypes, in -> out
    inputs: int
    outputs: int
    sample: tuple[float, ...]


@functools.cache  # asking torch takes longer than the operation
def facts(func: Any) -> tuple[str, bool, bool, bool, bool]:
    """Tell its name, and whether it mutates, draws, only looks, leaves its output unwritten."""
    schema, name = func._schema, str(func)
    looks = name.startswith(_NO_NUMBERS) or (
        not schema.is_mutable
        and (any(made.alias_info is not None for made in schema.returns) or name in _LOOKS)
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
# Labels for what is measured, and a tensor that is given other memory, written or not.
_NO_NUMBERS = ("profiler.", "aten.set_.")
_BLANK = ("aten.empty", "aten.new_empty", "aten._empty")
OVERWRITES = ("aten.copy_", "aten.fill_", "aten.zero_")  # what lay there before is not read
DISABLED = torch.Tensor.__torch_dispatch__


def plain_number(value: Any) -> int:
    """Give a number for an argument: the same in every process, and moved by each of its bits."""
    if isinstance(value, int):
        return value & 0xFFFFFFFFFFFFFFFF  # Python's own hash takes -1 and -2 for one
    if isinstance(value, float):
        return int.from_bytes(struct.pack("<d", value), "little")  # and 0.0 and -0.0
    return int.from_bytes(str(value).encode()[:8], "little")  # and it salts strings


Shapes = tuple[tuple[torch.Size, torch.dtype], ...]


@functools.lru_cache(4096)
def signature(came_in: Shapes, came_out: Shapes) -> str:
    """Give shapes and dtypes in words: `float32[2,3] -> float32[2]`."""
    sides = (", ".join([kind(*operand) for operand in side]) for side in (came_in, came_out))
    return " -> ".join(sides)


def kind(shape: torch.Size, dtype: torch.dtype) -> str:
    """Give the dtype and the shape of a tensor in words: `float32[2,3]`."""
    return f"{_dtype(dtype)}[{','.join([str(int(n)) for n in shape])}]"


@functools.cache
def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def sample(tensors: list[torch.Tensor]) -> tuple[float, ...]:
    """Give four values spread over the first output, for drawing; NaN where there are fewer."""
    kept: list[float] = []
    if tensors and tensors[0].numel() and not tensors[0].is_complex():
        flat = tensors[0].detach().reshape(-1)
        step = max(1, flat.numel() // SAMPLES)
        kept = [float(value) for value in flat[::step][:SAMPLES].tolist()]
    return tuple(kept + [float("nan")] * (SAMPLES - len(kept)))
