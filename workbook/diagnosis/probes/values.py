"""What a function handed back, as named leaves that can be compared and carried between processes.

Owns the flattening, the way to disk (raw bytes beside a JSON list, no pickles) and the difference
of two results. Knows nothing of causes.
"""

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.floats import ulp_distance
from workbook.trace import tensor_hash
from workbook.wording import counted

_LEAVES = (torch.Tensor, np.generic, np.ndarray, str, bytes, bool, int, float, complex)
Leaf = dict[str, Any]  # path, kind, dtype, shape, hash; text for what has no bytes
_DEEPEST = 20
_DTYPES = {
    str(d).removeprefix("torch."): d for d in vars(torch).values() if isinstance(d, torch.dtype)
}


class NotComparable(TypeError):
    """A result that holds something without a value to compare."""


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give the tensors, arrays, numbers and texts inside a result, each with its place."""
    if depth > _DEEPEST:
        raise NotComparable("is nested more than 20 deep")
    if value is None or isinstance(value, _LEAVES):
        yield path, value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield from leaves(value[key], f"{path}[{key!r}]", depth + 1)
    elif isinstance(value, (set, frozenset)):
        yield path, repr(sorted(value, key=repr))
    elif isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None)
        for index, item in enumerate(value):
            place = f"{path}.{names[index]}" if names else f"{path}[{index}]"
            yield from leaves(item, place, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from leaves(getattr(value, field.name), f"{path}.{field.name}", depth + 1)
    elif isinstance(value, torch.dtype | torch.Size | torch.device):
        yield path, str(value)
    else:
        raise NotComparable(f"holds a {type(value).__name__}")


def as_tensor(value: Any) -> torch.Tensor | None:
    """Give a tensor, an array or a number as a dense tensor on the CPU; None for all else."""
    if isinstance(value, torch.Tensor):
        dense = value.detach()
        dense = dense.to_dense() if dense.layout is not torch.strided else dense
        dense = dense.dequantize() if dense.is_quantized else dense
        return dense.cpu().resolve_conj().resolve_neg().contiguous()
    if isinstance(value, (bool, int, float, complex, np.ndarray, np.generic)):
        with contextlib.suppress(TypeError):  # a format that torch does not have, or a huge number
            return torch.from_numpy(np.ascontiguousarray(value).reshape(np.shape(value)).copy())
    return None


def save(value: Any, folder: Path, stem: str) -> list[Leaf]:
    """Write a result's bytes to `folder/stem.bin` and return its leaves."""
    rows: list[Leaf] = []
    with (folder / f"{stem}.bin").open("wb") as out:
        for path, item in leaves(value):
            tensor = as_tensor(item)
            if tensor is None:
                if isinstance(item, (np.ndarray, np.generic)):
                    item = np.asarray(item).tolist()
                rows.append({"path": path, "kind": "text", "text": repr(item), "hash": repr(item)})
                continue
            raw = tensor.as_strided((tensor.numel(),), (1,)).view(torch.uint8)  # of any strides
            out.write(memoryview(raw.numpy()))  # type: ignore[arg-type]
            dtype, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
            code = f"{tensor_hash(tensor):016x} {dtype} {shape}"
            row = {"path": path, "kind": "tensor", "dtype": dtype, "hash": code}
            rows.append({**row, "shape": list(shape), "bytes": int(raw.numel())})
    return rows


def load(rows: list[Leaf], folder: Path, stem: str) -> dict[str, torch.Tensor]:
    """Give the tensors that `save` wrote, by place."""
    data = (folder / f"{stem}.bin").read_bytes()
    leaves: dict[str, torch.Tensor] = {}
    at = 0
    for row in rows:
        if row["kind"] != "tensor":
            continue
        part = bytearray(data[at : at + row["bytes"]])
        at += row["bytes"]
        dtype = _DTYPES[row["dtype"]]
        flat = torch.frombuffer(part, dtype=dtype) if part else torch.empty(0, dtype=dtype)
        leaves[row["path"]] = flat.reshape(row["shape"])
    return leaves


_NARROW = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Gap:
    """How far two results are apart; `ulps` is None where the dtypes differ or are no floats.

    It is None where a number changed its sign, too: all the tiny numbers lie between the two signs.
    `narrow` says that both are in a format shorter than float64, and `roundoff` is the unit
    roundoff of the shorter of the two formats (0 where neither rounds).
    """

    same: bool
    comparable: bool = True
    absolute: float = 0.0
    relative: float = 0.0
    ulps: int | None = None
    place: str = ""
    narrow: bool = False
    roundoff: float = 0.0

    @property
    def words(self) -> str:
        if self.same:
            return "equal in every bit"
        if not self.comparable:
            return f"different in kind{f' at result{self.place}' if self.place else ''}"
        ulps = f", {counted(self.ulps, 'ULP')}" if self.ulps is not None else ""
        return f"at most {self.absolute:.3g} apart ({self.relative:.3g} of the largest value{ulps})"


def gap(
    first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], same: bool, texts: bool
) -> Gap:
    """Give the largest difference of two results; `texts` says whether all their texts agree."""
    if same:
        return Gap(True)
    if not texts or set(first) != set(second):
        return Gap(False, comparable=False)
    worst = Gap(False)
    for place, ours in first.items():
        theirs = second[place]
        if ours.shape != theirs.shape:
            return Gap(False, comparable=False, place=place)
        if not ours.numel():
            continue
        leaf = _leaf_gap(ours, theirs, place)
        if leaf.absolute > 0 and (leaf.relative > worst.relative or not worst.place):
            worst = leaf
    return worst


def _leaf_gap(ours: torch.Tensor, theirs: torch.Tensor, place: str) -> Gap:
    wide = torch.complex128 if ours.is_complex() or theirs.is_complex() else torch.float64
    a, b = ours.to(wide), theirs.to(wide)
    unequal = ~((a == b) | (a.isnan() & b.isnan()))
    difference = torch.where(unequal, (a - b).abs(), torch.zeros((), dtype=torch.float64))
    difference = torch.nan_to_num(difference, nan=math.inf, posinf=math.inf)
    top = float(torch.nan_to_num(torch.maximum(a.abs(), b.abs()), nan=0.0, posinf=0.0).max())
    absolute = float(difference.max())
    ulps = None
    floats = ours.dtype == theirs.dtype and ours.dtype in (*_NARROW, torch.float64)
    if floats and not (unequal & (ours.signbit() != theirs.signbit())).any():
        ulps = int(ulp_distance(ours, theirs).max())
    relative = absolute / top if top else math.inf
    narrow = ours.dtype in _NARROW and theirs.dtype in _NARROW
    roundoff = max(unit_roundoff(ours.dtype), unit_roundoff(theirs.dtype))
    return Gap(False, True, absolute, relative, ulps, place, narrow, roundoff)


def unit_roundoff(dtype: torch.dtype) -> float:
    """Give half the distance from 1 to the next number; 0 where a dtype rounds nothing."""
    return torch.finfo(dtype).eps / 2 if dtype.is_floating_point or dtype.is_complex else 0.0
