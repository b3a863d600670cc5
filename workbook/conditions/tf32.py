"""TF32: torch's two sets of switches for the precision of float32 products, kept in step.

Owns the older switches (`set_float32_matmul_precision`, `allow_tf32`) and the newer ones
(`fp32_precision`, from torch 2.9). Both are stored apart: an older setter writes both, a newer one
only its own, and reading an older one raises while the two disagree. A newer switch at "none"
inherits from the one above it, and a reading gives the inherited value.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Precisions:
    """Every switch as it is stored: the two older ones, and the newer ones in `_newer` order."""

    matmul: str
    cudnn: bool
    newer: tuple[str, ...]


def set_matmul(word: str) -> None:
    """Set the precision of float32 matmul to "highest", "high" or "medium"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some versions announce the newer switches at each use
        torch.set_float32_matmul_precision(word)


def set_cudnn(on: bool) -> None:
    """Let cuDNN's convolutions and recurrent layers use TF32, or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        torch.backends.cudnn.allow_tf32 = on


def keep(stack: ExitStack) -> None:
    """Read every switch of this kind, and leave with `stack` what puts them back."""
    stack.callback(_put_back, read())


def read() -> Precisions:
    """Read every switch as it is stored, so that what is inherited stays inherited."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        seen = tuple(owner.fp32_precision for owner in _newer())
        parents_are_silent = all(seen[index] == "none" for index in _PARENTS if seen)
        try:
            older = (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)
        except RuntimeError:  # the two sets disagree
            parents_are_silent = False
        return Precisions(*older, seen) if parents_are_silent else _read_apart(seen)


def _newer() -> tuple[Any, ...]:
    """Give what carries an `fp32_precision`, each parent before its children; () in older torch."""
    back = torch.backends
    if not hasattr(back, "fp32_precision"):
        return ()
    mkldnn: Any = back.mkldnn
    cudnn: Any = back.cudnn
    return (
        *(back, cudnn, mkldnn),
        *(back.cuda.matmul, cudnn.conv, cudnn.rnn),
        *(mkldnn.matmul, mkldnn.conv, mkldnn.rnn),
    )


_PARENTS = (0, 1, 2)
_CHILDREN = {0: (1, 2, 3, 4, 5, 6, 7, 8), 1: (3, 4, 5), 2: (6, 7, 8)}
_MATMULS, _CUDNN = (3, 6), (4, 5)


def _read_apart(seen: tuple[str, ...]) -> Precisions:
    """Read the stored values where inheritance or a disagreement hides them.

    Each parent in turn is moved; a child that follows holds "none". What was moved is put back.
    """
    newer = _newer()
    stored = list(seen)
    for parent in _PARENTS:
        before = stored[parent]
        newer[parent].fp32_precision = "ieee" if seen[parent] != "ieee" else "tf32"
        for child in _CHILDREN[parent]:
            if stored[child] != "none" and newer[child].fp32_precision != seen[child]:
                stored[child] = "none"
        newer[parent].fp32_precision = before
    return Precisions(_older_matmul(newer, stored), _older_cudnn(newer, stored), tuple(stored))


def _older_matmul(newer: tuple[Any, ...], stored: list[str]) -> str:
    # The older reading agrees with "ieee" whatever it is.
    for index in _MATMULS:
        newer[index].fp32_precision = "ieee"
    try:
        return torch.get_float32_matmul_precision()
    finally:
        _write(newer, stored)


def _older_cudnn(newer: tuple[Any, ...], stored: list[str]) -> bool:
    # With both newer switches at "tf32", the older reading is True, or raises if it is False.
    for index in _CUDNN:
        newer[index].fp32_precision = "tf32"
    try:
        return torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return False
    finally:
        _write(newer, stored)


def _write(newer: Sequence[Any], stored: Sequence[str]) -> None:
    for owner, value in zip(newer, stored, strict=True):
        owner.fp32_precision = value


def _put_back(before: Precisions) -> None:
    if read() == before:
        return
    set_matmul(before.matmul)
    set_cudnn(before.cudnn)
    _write(_newer(), before.newer)
