"""TF32: torch's two sets of switches for the precision of float32 products, kept in step.

Owns the older switches (`set_float32_matmul_precision`, `allow_tf32`) and the newer ones
(`fp32_precision`, from torch 2.9). They are stored apart: an older setter writes both, a newer one
only its own, and reading an older one raises while the two disagree. A newer switch at "none"
inherits from the one above it, and a reading gives what it inherits.

One thing cannot be put back. In a fresh process cuDNN's two newer switches hold a state that reads
"tf32" and yet inherits, and no setter can give it again. So they are not written without need, and
where `allow_tf32` had to be moved they hold "tf32" afterwards: every reading is as before, but a
later change of the switch above them no longer reaches them.
"""

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch

Key = tuple[str, str]

TOP: Key = ("generic", "all")
MIDDLE: tuple[Key, ...] = (("cuda", "all"), ("mkldnn", "all"))
CUDNN: tuple[Key, ...] = (("cuda", "conv"), ("cuda", "rnn"))
MATMULS: tuple[Key, ...] = (("cuda", "matmul"), ("mkldnn", "matmul"))
BOTTOM: tuple[Key, ...] = (*MATMULS, *CUDNN, ("mkldnn", "conv"), ("mkldnn", "rnn"))


@dataclass(frozen=True)
class Precisions:
    """Every switch as it is stored: the two older ones, and the newer ones by their key."""

    matmul: str
    cudnn: bool
    newer: Mapping[Key, str]


def set_matmul(word: str) -> None:
    """Set the precision of float32 matmul to "highest", "high" or "medium"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some versions announce the newer switches at each use
        torch.set_float32_matmul_precision(word)


def set_cudnn(on: bool) -> None:
    """Let cuDNN's convolutions and recurrent layers use TF32, or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        if _older_cudnn() is not on:
            torch.backends.cudnn.allow_tf32 = on
    # torch stores False as "inherit", which is no answer where the switch above says "tf32".
    for key in CUDNN if not on and has_newer() else ():
        if _get(key) == "tf32":
            _set(key, "ieee")


def has_newer() -> bool:
    """Say whether this torch has the newer switches."""
    return hasattr(torch._C, "_get_fp32_precision_getter")


def set_newer(key: Key, word: str) -> None:
    """Set one of the newer switches to "ieee" or "tf32"; conditions put it back when left.

    RuntimeError where this torch has only the older ones.
    """
    if not has_newer():
        raise RuntimeError("fp32_precision came with torch 2.9; set cudnn_tf32 or matmul_precision")
    _set(key, word)


def keep(stack: ExitStack) -> None:
    """Read every switch of this kind, and leave with `stack` what puts them back."""
    stack.callback(_put_back, read())


def read() -> Precisions:
    """Read every switch as it is stored, so that what is inherited stays inherited."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        matmul, cudnn = _older_matmul(), _older_cudnn()
        if not has_newer():
            return Precisions(matmul or "highest", bool(cudnn), {})
        newer = _read_newer()
        if matmul is None:
            matmul = _older_matmul_apart(newer)
        if cudnn is None:
            cudnn = _older_cudnn_apart(newer)
        return Precisions(matmul, cudnn, newer)


def _older_matmul() -> str | None:
    """Give the older switch, or None while the newer ones disagree with it."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _older_cudnn() -> bool | None:
    """Give the older switch, or None while the newer ones disagree with it."""
    try:
        return torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return None


# Not the attributes named fp32_precision: in torch 2.13 mkldnn's writes the topmost switch.
def _get(key: Key) -> str:
    return str(torch._C._get_fp32_precision_getter(*key))


def _set(key: Key, value: str) -> None:
    setter: Any = torch._C._set_fp32_precision_setter
    setter(*key, value)


def _read_newer() -> dict[Key, str]:
    """Read what is stored: with silent parents a reading is that, but for what follows a parent."""
    shown = {key: _get(key) for key in (TOP, *MIDDLE, *BOTTOM)}
    if all(shown[key] == "none" for key in (TOP, *MIDDLE)):
        return shown
    stored = {TOP: shown[TOP]}
    _set(TOP, "none")
    for key in MIDDLE:
        stored[key] = _get(key)
        _set(key, "none")
    stored.update({key: _get(key) for key in BOTTOM})
    for key in (TOP, *MIDDLE):
        _set(key, stored[key])
    return stored


def _older_matmul_apart(newer: Mapping[Key, str]) -> str:
    """Read the older switch while the newer ones agree with whatever it holds: at "ieee"."""
    for key in MATMULS:
        _set(key, "ieee")
    try:
        return torch.get_float32_matmul_precision()
    finally:
        for key in MATMULS:
            _set(key, newer[key])


def _older_cudnn_apart(newer: Mapping[Key, str]) -> bool:
    """Read the older switch while both newer ones say "tf32": it agrees if it is True."""
    _set(MIDDLE[0], "tf32")
    moved = [key for key in CUDNN if _get(key) != "tf32"]
    for key in moved:
        _set(key, "tf32")
    try:
        return _older_cudnn() is True
    finally:
        for key in (*moved, MIDDLE[0]):
            _set(key, newer[key])


def _put_back(before: Precisions) -> None:
    now = read()
    if now.matmul != before.matmul:
        set_matmul(before.matmul)
    if now.cudnn is not before.cudnn:
        set_cudnn(before.cudnn)
    for key, value in read().newer.items():
        if value != before.newer[key]:
            _set(key, before.newer[key])
