"""Fingerprints of tensors: one 64-bit number that moves with every bit, place and sign.

Owns the hash. Knows nothing of traces. The bytes are read as 64-bit words and multiplied by odd
weights that differ from place to place, in wrapping integer arithmetic, so that the order of the
elements counts (swapping two changes the sum) and so does every bit (an odd weight never maps two
words to one product). It is vectorised and exact: no rounding, the same on every machine with the
same byte order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_BLOCK = 1 << 16
_ROOM = 1 << 22  # bytes
_LARGE = 1 << 16  # elements
_MASK = (1 << 64) - 1
_WIDTHS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def _odd_weights(count: int) -> NDArray[np.int64]:
    """The first odd numbers of Knuth's multiplicative sequence, splitmix-scrambled."""
    words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words ^= words >> np.uint64(31)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    return (words | np.uint64(1)).view(np.int64)


class _Weights:
    """The weights of one block and room to pack strided tensors, made when first asked for.

    Fresh memory costs more than the copy itself (a fault for each page), so the room is kept.
    """

    def __init__(self) -> None:
        self._block: NDArray[np.int64] | None = None
        self._room = torch.empty(0, dtype=torch.uint8)

    def packed(self, tensor: torch.Tensor) -> torch.Tensor:
        """A contiguous copy, valid until the next one; large ones get memory of their own."""
        size = tensor.numel() * tensor.element_size()
        if size > _ROOM:
            return tensor.contiguous()
        if self._room.numel() < size:
            self._room = torch.empty(_ROOM, dtype=torch.uint8)
        return self._room[:size].view(tensor.dtype).view(tensor.shape).copy_(tensor)

    def block(self) -> NDArray[np.int64]:
        if self._block is None:
            self._block = _odd_weights(_BLOCK)
        return self._block


_WEIGHTS = _Weights()


def mix(first: int, second: int) -> int:
    """One number from two, sensitive to their order."""
    word = (first * 0x9E3779B97F4A7C15 + second + 0x632BE59BD9B4E019) & _MASK
    return (word ^ (word >> 29)) * 0xBF58476D1CE4E5B9 & _MASK


def bytes_hash(data: NDArray[np.uint8]) -> int:
    """The hash of a flat array of bytes."""
    whole = data.size & ~7
    words = data[:whole].view(np.int64)
    block = _WEIGHTS.block()
    if words.size <= _BLOCK:
        found = int(np.einsum("i,i", words, block[: words.size])) if words.size else 0
    else:
        found = 0
        for start in range(0, words.size, _BLOCK):
            part = words[start : start + _BLOCK]
            found = mix(found, int(np.einsum("i,i", part, block[: part.size])) & _MASK)
    if whole != data.size:
        found = mix(found, int.from_bytes(data[whole:].tobytes(), "little") + 1)
    return mix(found & _MASK, data.size)


def _as_bytes(tensor: torch.Tensor) -> NDArray[np.uint8]:
    flat = tensor.detach()
    if flat.is_conj() or flat.is_neg():
        flat = flat.resolve_conj().resolve_neg()
    if flat.is_complex():
        flat = torch.view_as_real(flat)
    if flat.device.type != "cpu":
        flat = flat.cpu()
    if not flat.is_contiguous():
        flat = _WEIGHTS.packed(flat)
    if flat.dtype not in _NUMPY:
        flat = flat.reshape(-1).view(_WIDTHS[flat.element_size()])
    return flat.numpy().reshape(-1).view(np.uint8)


_NUMPY = frozenset(
    (
        torch.float32,
        torch.float64,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
)


def tensor_hash(tensor: torch.Tensor) -> int:
    """A 64-bit number made from every bit of a tensor, their order, and its dtype's width.

    Sparse and quantised tensors are read as dense; a tensor without storage (meta, fake) hashes
    its shape alone. Strides do not count (equal values in another layout
    hash alike), except for transposed matrices of 65,536 elements or more.

    >>> tensor_hash(torch.tensor([1.0, 2.0])) == tensor_hash(torch.tensor([2.0, 1.0]))
    False
    >>> tensor_hash(torch.tensor(0.0)) == tensor_hash(torch.tensor(-0.0))
    False
    """
    if tensor.device.type == "meta":
        return mix(len(tensor.shape), sum(tensor.shape))
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.numel() == 0:
        return mix(0, tensor.dim())
    if tensor.numel() >= _LARGE and tensor.dim() == 2 and tensor.t().is_contiguous():
        # a large transposed matrix (a weight, mostly) is read as it lies: packing costs 10 times
        return mix(bytes_hash(_as_bytes(tensor.t())), 3 * tensor.element_size())
    return mix(bytes_hash(_as_bytes(tensor)), tensor.element_size())


class KnownHashes:
    """Hashes already taken, by storage, so that what one operation made is not read again.

    A hash is trusted while the storage lives (a weak reference keeps its address from being given
    to another), its version is the same and `forget` was not called for it. Writing through NumPy
    or from another thread is not seen.
    """

    def __init__(self) -> None:
        self._rows: dict[int, dict[Any, int]] = {}
        self._most = 512

    def hash(self, tensor: torch.Tensor) -> int:
        """The tensor's hash, taken now or known."""
        storage = tensor.untyped_storage()
        address = storage._cdata
        row = self._rows.get(address)
        if row is None:
            if len(self._rows) > self._most:
                self._prune()
            storage._weak_ref()  # type: ignore[no-untyped-call]
            row = self._rows[address] = {}
        plain = tensor.is_contiguous()
        key = (
            tensor.storage_offset(),
            tensor.numel() if plain else (tensor.shape, tensor.stride()),
            tensor.dtype,
            0 if tensor.is_inference() else tensor._version,
        )
        code = row.get(key)
        if code is None:
            if len(row) > 8:
                row.clear()
            code = row[key] = tensor_hash(tensor)
        return code

    def forget(self, tensor: torch.Tensor) -> None:
        """The tensor's storage was written: what was known of it no longer holds."""
        if tensor.layout is torch.strided and tensor.device.type != "meta":
            row = self._rows.get(tensor.untyped_storage()._cdata)
            if row:
                row.clear()

    def _prune(self) -> None:
        for address in [a for a in self._rows if torch.UntypedStorage._expired(a)]:
            del self._rows[address]
            torch.UntypedStorage._free_weak_ref(address)
        self._most = max(512, 2 * len(self._rows))

    def close(self) -> None:
        """Let go of every storage."""
        for address in self._rows:
            torch.UntypedStorage._free_weak_ref(address)
        self._rows.clear()
