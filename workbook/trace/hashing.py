"""Fingerprints of tensors: one 64-bit number that moves with every bit, place and sign.

Owns the hash. Knows nothing of traces. Each byte is combined with the one five places on
(exclusive or, which can be undone, so that no bit is lost), and the 64-bit words are multiplied by
odd weights that differ from place to place, in wrapping integer arithmetic. The order of the
elements counts, and so does every bit. Without the combining two changed signs at the top of two
words would cancel: 2**63 times any odd weight is 2**63 again. Five bytes are no multiple of an
element's width, so a value leaves other traces at each place of a word.
It is vectorised and exact: no rounding, the same on every machine with the same byte order.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_BLOCK = 1 << 15  # words: the block, its weights and the folded words stay in a core's own cache
_ROOM = 1 << 22  # bytes
_LARGE = 1 << 16  # elements
_STEP = 5  # bytes
_MASK = (1 << 64) - 1
_WIDTHS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
# torch's own method, also where a trace has replaced it by one that tells of its use
_numpy: Any = torch._C.TensorBase.numpy


def _odd_weights(count: int) -> NDArray[np.uint64]:
    """The first odd numbers of Knuth's multiplicative sequence, splitmix-scrambled."""
    words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words ^= words >> np.uint64(31)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    return words | np.uint64(1)


class _Weights(threading.local):
    """The weights of one block and room to fold and to pack, made when first asked for.

    Fresh memory costs more than the copy itself (a fault for each page), so the room is kept,
    one for each thread.
    """

    def __init__(self) -> None:
        self._block: NDArray[np.uint64] | None = None
        self._folded = np.empty(0, dtype=np.uint64)
        self._room = torch.empty(0, dtype=torch.uint8)

    def packed(self, tensor: torch.Tensor) -> torch.Tensor:
        """A contiguous copy, valid until the next one; large ones get memory of their own."""
        size = tensor.numel() * tensor.element_size()
        if size > _ROOM:
            return tensor.contiguous()
        if self._room.numel() < size:
            self._room = torch.empty(_ROOM, dtype=torch.uint8)
        return self._room[:size].view(tensor.dtype).view(tensor.shape).copy_(tensor)

    def weighed(self, words: NDArray[np.uint64]) -> int:
        """The weighted sum of at most a block of words, folded."""
        if self._block is None:
            self._block = _odd_weights(_BLOCK)
            self._folded = np.empty(_BLOCK, dtype=np.uint64)
        size = words.size
        data, folded = words.view(np.uint8), self._folded[:size]
        made = folded.view(np.uint8)
        np.bitwise_xor(data[:-_STEP], data[_STEP:], out=made[:-_STEP])
        made[-_STEP:] = data[-_STEP:]
        return int(np.einsum("i,i", folded, self._block[:size]))


_WEIGHTS = _Weights()


def mix(first: int, second: int) -> int:
    """One number from two, sensitive to their order."""
    word = (first * 0x9E3779B97F4A7C15 + second + 0x632BE59BD9B4E019) & _MASK
    return (word ^ (word >> 29)) * 0xBF58476D1CE4E5B9 & _MASK


def bytes_hash(data: NDArray[np.uint8]) -> int:
    """The hash of a flat array of bytes."""
    size = data.size
    whole = size & ~7
    words = data[:whole].view(np.uint64) if whole else None
    found = 0
    if words is not None and words.size <= _BLOCK:
        found = _WEIGHTS.weighed(words)
    elif words is not None:
        for start in range(0, words.size, _BLOCK):
            found = mix(found, _WEIGHTS.weighed(words[start : start + _BLOCK]))
    if whole != size:
        found = mix(found, int.from_bytes(data[whole:].tobytes(), "little") + 1)
    return mix(found, size)


def _as_bytes(tensor: torch.Tensor) -> NDArray[np.uint8]:
    flat = tensor.detach() if tensor.requires_grad else tensor
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
    made: NDArray[Any] = _numpy(flat)
    return made.reshape(-1).view(np.uint8)


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


def reads_as_it_lies(tensor: torch.Tensor) -> bool:
    """Whether it is a large transposed matrix (a weight, mostly): packing it costs 10 times."""
    large = tensor.dim() == 2 and tensor.numel() >= _LARGE
    return large and not tensor.is_contiguous() and tensor.t().is_contiguous()


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
    if tensor.is_meta:
        return mix(len(tensor.shape), sum(tensor.shape))
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.numel() == 0:
        return mix(0, tensor.dim())
    if reads_as_it_lies(tensor):
        return mix(bytes_hash(_as_bytes(tensor.t())), 3 * tensor.element_size())
    return mix(bytes_hash(_as_bytes(tensor)), tensor.element_size())
