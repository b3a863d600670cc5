"""Hashes already taken, so that what one operation made is not read again by the next.

Owns what is remembered of a storage, when it is forgotten, and the watch over ways of writing that
torch does not tell of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from workbook.trace.hashing import reads_as_it_lies, tensor_hash

_VIEWS = 16  # of one storage


class KnownHashes:
    """The hashes of tensors by storage, used as `with KnownHashes() as known: ...`.

    A hash is trusted while the storage lives (a weak reference keeps its address from being given
    to another), its version is the same and `forget` was not called for it. Memory that did not
    come from torch (`torch.from_numpy`) and memory handed out while this lasts (`Tensor.numpy`,
    `np.asarray`, `data_ptr`, DLPack) can be written without a word, so it is read each time.
    Not seen: writing through an array, or from another thread or library, that got hold of
    torch's memory before this began.
    """

    def __init__(self) -> None:
        self._rows: dict[int, dict[Any, int] | None] = {}  # None: may be written unseen
        self._most = 512
        self._watch = ExitStack()

    def __enter__(self) -> KnownHashes:
        self._watch.enter_context(_handing_out(self._mistrust))
        return self

    def __exit__(self, *error: object) -> None:
        self._watch.close()
        for address in self._rows:
            torch.UntypedStorage._free_weak_ref(address)
        self._rows.clear()

    def hash(self, tensor: torch.Tensor) -> int:
        """The tensor's hash, taken now or known."""
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address in self._rows:
            row = self._rows[address]
        else:  # torch cannot resize what it did not allocate
            ours = storage.resizable() and not storage.is_shared()
            row = self._add(storage, {} if ours else None)
        if row is None:
            return tensor_hash(tensor)
        key = _key(tensor)
        code = row.get(key)
        if code is None:
            if len(row) > _VIEWS:
                row.clear()
            code = row[key] = tensor_hash(tensor)
        return code

    def written(self, tensor: torch.Tensor) -> int:
        """The hash of what was just written: autograd counts the version up after the operation."""
        code = self.hash(tensor)
        if row := self._rows.get(tensor.untyped_storage()._cdata):
            key = _key(tensor)
            row[(*key[:-1], key[-1] + 1)] = code
        return code

    def copied(self, source: torch.Tensor, copy: torch.Tensor) -> None:
        """A tensor and its copy have one hash, unless one of them is read as it lies."""
        storage = copy.untyped_storage()
        if storage._cdata not in self._rows and not reads_as_it_lies(source):
            self._add(storage, {_key(copy): self.hash(source)})

    def forget(self, tensor: torch.Tensor) -> None:
        """The tensor's storage was written: what was known of it no longer holds."""
        if tensor.layout is torch.strided and not tensor.is_meta:
            row = self._rows.get(tensor.untyped_storage()._cdata)
            if row:
                row.clear()

    def _add(self, storage: Any, row: dict[Any, int] | None) -> dict[Any, int] | None:
        if len(self._rows) > self._most:
            self._prune()
        storage._weak_ref()
        self._rows[storage._cdata] = row
        return row

    def _mistrust(self, tensor: torch.Tensor) -> None:
        if tensor.layout is torch.strided and not tensor.is_meta:
            storage = tensor.untyped_storage()
            if storage._cdata in self._rows:
                self._rows[storage._cdata] = None
            else:
                self._add(storage, None)

    def _prune(self) -> None:
        for address in [a for a in self._rows if torch.UntypedStorage._expired(a)]:
            del self._rows[address]
            torch.UntypedStorage._free_weak_ref(address)
        self._most = max(512, 2 * len(self._rows))


def _key(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Where a tensor's values lie, in which order, and how often they were written."""
    contiguous = tensor.is_contiguous()
    return (
        tensor.storage_offset(),
        tensor.numel() if contiguous else _walk(tensor.shape, tensor.stride()),
        tensor.dtype,
        not contiguous and tensor.dim() == 2,  # which may be read as it lies
        (tensor.is_conj(), tensor.is_neg()),  # views that stand for other values
        0 if tensor.is_inference() else tensor._version,
    )


@functools.lru_cache(1024)
def _walk(shape: torch.Size, strides: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Lengths and strides with neighbors joined: two views that go one way through memory agree."""
    joined: list[tuple[int, int]] = []
    for length, stride in zip(shape, strides, strict=True):
        if length == 1:
            continue
        if joined and joined[-1][1] == length * stride:
            joined[-1] = (joined[-1][0] * length, stride)
        else:
            joined.append((length, stride))
    return tuple(joined)


_HANDS_OUT = ("numpy", "data_ptr", "__dlpack__")  # NumPy's own asarray asks for `numpy`


@contextmanager
def _handing_out(tell: Callable[[torch.Tensor], None]) -> Iterator[None]:
    """While it lasts, `tell` is called with every tensor whose memory is given to others."""
    before = {name: vars(torch.Tensor).get(name) for name in _HANDS_OUT}

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            tell(self)
            return real(self, *args, **kwargs)

        return call

    try:
        for name in _HANDS_OUT:
            setattr(torch.Tensor, name, watched(getattr(torch.Tensor, name)))
        yield
    finally:
        for name, real in before.items():
            if real is None:
                delattr(torch.Tensor, name)
            else:
                setattr(torch.Tensor, name, real)
