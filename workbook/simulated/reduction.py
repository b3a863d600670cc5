"""Adding up in a chosen order, one IEEE operation at a time.

Owns the settings of a reduction, the orders, and sums over lanes. Knows float32 tensors only, and
neither matrices nor operators. Nothing here leaves an order to a library: each addition is an
element-wise one, so its result is the same on every CPU.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

import numpy as np
import torch
from torch import Tensor

ORDERS = ("sequential", "reverse", "pairwise", "permuted")

# Below this many elements in a row, one call for each row costs more than NumPy's running sum.
_NARROW = 256


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """How an accelerator adds up: what is kept together, in which order, with which rounding.

    `tile`: neighboring products of a dot product that are added one after another to a partial
    sum. `order`: how those partial sums are added, and the rows of a sum. `lanes`: running sums
    side by side in a sum; element i belongs to lane i mod lanes. `fma`: multiply and add with one
    rounding instead of two. ValueError or TypeError for settings outside these.
    """

    tile: int = 16
    order: str = "sequential"
    lanes: int = 64
    fma: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no setting."""
        for name, value in (("tile", self.tile), ("lanes", self.lanes)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"{name} must be a whole number from 1 to 65536, got {value!r}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {self.order!r}")
        if not isinstance(self.fma, bool):
            raise TypeError(f"fma must be True or False, got {self.fma!r}")


def arrange(parts: Tensor, order: str) -> Tensor:
    """Put the parts along the first dimension into the order in which they are to be added."""
    count = len(parts)
    if order == "reverse":
        return parts.flip(0)
    if order == "permuted":
        return parts[torch.arange(count) * _stride(count) % count]
    return parts


def _stride(count: int) -> int:
    """Give a step that visits each of `count` places once: near the golden section, coprime."""
    step = max(2, count * 5 // 8)
    while gcd(step, count) > 1:
        step += 1
    return step


def combine(chunks: Iterable[Tensor], order: str) -> Tensor:
    """Add up arranged parts that come in chunks along the first dimension.

    For pairwise addition every chunk but the last must hold the same power of two of parts: then
    the tree over chunks continues the trees within them. Chunks are overwritten.
    """
    if order == "pairwise":
        return _pairwise_over(chunks)
    running: Tensor | None = None
    for chunk in chunks:
        if running is not None:
            chunk[0] += running
        running = _sequential(chunk)
    if running is None:
        raise ValueError("chunks must hold at least one part, got none")
    return running


def _sequential(parts: Tensor) -> Tensor:
    """Add the parts one after another, from the first."""
    count, width = len(parts), parts[0].numel()
    if count > 2 and width < _NARROW:
        # A running sum shows every partial sum, so it cannot be reordered as a plain sum can.
        sums = np.add.accumulate(parts.reshape(count, width).numpy(), axis=0)
        return torch.from_numpy(sums[-1].copy()).reshape(parts.shape[1:])
    running = parts[0].clone()
    for part in parts[1:]:
        running += part
    return running


def pairwise(parts: Tensor) -> Tensor:
    """Add neighbors in pairs until one is left; an odd last part moves up as it is."""
    while len(parts) > 1:
        even = len(parts) // 2 * 2
        paired = parts[0:even:2] + parts[1:even:2]
        parts = torch.cat([paired, parts[even:]])
    return parts[0]


def _pairwise_over(chunks: Iterable[Tensor]) -> Tensor:
    """Continue the pairwise tree over chunks, holding one partial sum for each level."""
    waiting: list[Tensor] = []
    for count, chunk in enumerate(chunks, 1):
        waiting.append(pairwise(chunk))
        while count % 2 == 0:
            right = waiting.pop()
            waiting[-1] = waiting[-1] + right
            count //= 2
    while len(waiting) > 1:
        right = waiting.pop()
        waiting[-1] = waiting[-1] + right
    return waiting[0]


def total(values: Tensor, how: Reduction) -> Tensor:
    """Add up float32 values over their first dimension.

    Rows of `lanes` elements are added in the order of `how`, which leaves one running sum for
    each lane; these are then added pairwise, as the lanes of a processor are. No values give 0.
    """
    count = len(values)
    if count == 0 or values.numel() == 0:
        return values.new_zeros(values.shape[1:])
    lanes = min(how.lanes, count)
    rows = pad(values, lanes, -0.0).reshape(-1, lanes, *values.shape[1:])
    return pairwise(combine([arrange(rows, how.order)], how.order))


def pad(values: Tensor, multiple: int, filler: float) -> Tensor:
    """Lengthen the first dimension to a multiple. Adding -0.0 changes no number, not even -0.0."""
    missing = -len(values) % multiple
    if missing == 0:
        return values.contiguous()
    return torch.cat([values, values.new_full((missing, *values.shape[1:]), filler)])
