"""Fingerprints of tensors: one 64-bit number that moves with every bit, place and sign.

Owns which bytes stand for a tensor; the hash of them is XXH3's, the same on every machine with the
same byte order. Knows nothing of traces.
"""

import threading
from collections.abc import Callable
from typing import Any

import torch
import xxhash

_digest: Callable[[Any, int], int] = xxhash.xxh3_64_intdigest  # of anything that has bytes, a seed
_numpy = torch.Tensor.numpy  # the real one: a probe may replace it
_ROOM = 1 << 22  # bytes
_LARGE = 1 << 16  # elements
_MASK = (1 << 64) - 1
_WIDTHS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_BYTES = {  # of an element, for the dtypes that NumPy has
    torch.float32: 4,
    torch.float64: 8,
    torch.int64: 8,
    torch.int32: 4,
    torch.int16: 2,
    torch.int8: 1,
    torch.uint8: 1,
    torch.bool: 1,
}


def bytes_hash(data: bytes) -> int:
    """Give a 64-bit number for bytes: the same in every process."""
    return _digest(data, 0)


class _Room(threading.local):
    """Room to pack strided tensors in, one for each thread (fresh memory is slower than a copy)."""

    def __init__(self) -> None:
        self._bytes = torch.empty(0, dtype=torch.uint8)

    def packed(self, tensor: torch.Tensor) -> torch.Tensor:
        """Make a contiguous copy, valid until the next one; large ones get memory of their own."""
        size = tensor.numel() * tensor.element_size()
        if size > _ROOM:
            return tensor.contiguous()
        if self._bytes.numel() < size:
            self._bytes = torch.empty(_ROOM, dtype=torch.uint8)
        return self._bytes[:size].view(tensor.dtype).view(tensor.shape).copy_(tensor)


_HERE = _Room()


def shape_hash(tensor: torch.Tensor) -> int:
    """Give a number for a tensor whose values cannot be read."""
    return hash(tuple([int(n) for n in tensor.shape])) & _MASK


def _as_array(tensor: torch.Tensor) -> Any:
    flat = tensor.detach() if tensor.requires_grad else tensor
    if flat.is_conj() or flat.is_neg():
        flat = flat.resolve_conj().resolve_neg()
    if flat.is_complex():
        flat = torch.view_as_real(flat)
    if flat.device.type != "cpu":
        flat = flat.cpu()
    if not flat.is_contiguous():
        flat = _HERE.packed(flat)
    if flat.dtype not in _BYTES:
        flat = flat.reshape(-1).view(_WIDTHS[flat.element_size()])
    return _numpy(flat)


def reads_as_it_lies(tensor: torch.Tensor) -> bool:
    """Say whether a tensor is a large transposed matrix: packing it costs 10 times reading it."""
    large = tensor.dim() == 2 and tensor.numel() >= _LARGE
    return large and not tensor.is_contiguous() and tensor.t().is_contiguous()


def wrapped(tensor: torch.Tensor) -> list[torch.Tensor]:
    """List the tensors that one wraps, as a DTensor does its rank's part; none of a plain one."""
    names = tensor.__tensor_flatten__()[0] if hasattr(tensor, "__tensor_flatten__") else ()
    parts = [getattr(tensor, name) for name in names]
    return [part for part in parts if isinstance(part, torch.Tensor)]


def tensor_hash(tensor: torch.Tensor) -> int:
    """Make a 64-bit number from every bit of a tensor, their order, and its dtype's width.

    Sparse and quantized tensors are read as dense; of a tensor that wraps others (DTensor) those
    are read, here on this rank; a tensor without storage (meta, fake) hashes its shape alone.
    Strides do not count (equal values in another layout hash alike), except for transposed
    matrices of 65,536 elements or more.

    >>> tensor_hash(torch.tensor([1.0, 2.0])) == tensor_hash(torch.tensor([2.0, 1.0]))
    False
    >>> tensor_hash(torch.tensor(0.0)) == tensor_hash(torch.tensor(-0.0))
    False
    """
    width = _BYTES.get(tensor.dtype)
    if width is not None:
        try:
            if tensor.is_contiguous():
                flat = tensor.detach() if tensor.requires_grad else tensor
                return _digest(_numpy(flat), width)
        except (RuntimeError, TypeError):  # what NumPy cannot read takes longer
            return _hash_of_any(tensor)
    return _hash_of_any(tensor)


def _hash_of_any(tensor: torch.Tensor) -> int:
    if tensor.is_meta:
        return shape_hash(tensor)
    if inner := wrapped(tensor):
        return bytes_hash(repr([tensor_hash(part) for part in inner]).encode())
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    width = tensor.element_size()
    if reads_as_it_lies(tensor):
        return _digest(_as_array(tensor.t()), 3 * width)
    return _digest(_as_array(tensor), width)
