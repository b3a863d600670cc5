"""Distances counted: how many elements are how many steps apart.

Owns Distances, which is given distances piece by piece and keeps none of them. Knows no formats:
a distance is a whole number from 0 to 2**63 - 1.
"""

import torch
from torch import Tensor

NEAR = 1024
"""Where no distance of a piece is as long, each has a bin of its own: that is counted faster."""

_FLOAT32 = 1 << 24  # up to here float32 holds every whole number
_CUT = -1 << 29  # keeps as many bits of a float64 as float32 has


class Distances:
    """Counts of distances; `longest` is the greatest met, 0 at first."""

    def __init__(self) -> None:
        self.longest = 0
        self._near = torch.zeros(NEAR, dtype=torch.int64, device="cpu")  # by the distance
        self._far = torch.zeros(64, dtype=torch.int64, device="cpu")  # by its length in bits
        self._buffers: dict[torch.dtype, Tensor] = {}

    def add_zeros(self, count: int) -> None:
        """Count elements that are no step apart."""
        self._near[0] += count

    def add(self, steps: Tensor) -> None:
        """Count a piece's distances, whole numbers of any dtype."""
        top = int(steps.amax().item())
        self.longest = max(self.longest, top)
        if top >= NEAR:
            counted, bins = self._far, self._lengths(steps, top)
        elif steps.is_floating_point():
            counted, bins = self._near, self._buffer(steps, torch.int32).copy_(steps)
        else:
            counted, bins = self._near, steps
        counts = torch.bincount(bins).cpu()
        counted[: counts.numel()] += counts

    def histogram(self) -> tuple[int, ...]:
        """How many are 0, 1, 2-3, 4-7, ... apart, up to the longest that occurs."""
        near = torch.arange(NEAR, dtype=torch.int32, device="cpu")
        counts = self._far.index_add(0, self._lengths(near, NEAR), self._near)
        return tuple(counts[: self.longest.bit_length() + 1].tolist())

    def _lengths(self, steps: Tensor, top: int) -> Tensor:
        """Give each distance's length in bits: the exponent of its float32, cut and not rounded."""
        if top >= _FLOAT32:
            if not steps.is_floating_point():
                if top >= 1 << 53:
                    # float64 would round: without the lowest 10 bits, 63 bits are exact again.
                    steps = steps - torch.where(steps < 1 << 53, 0, steps & 1023)
                steps = self._buffer(steps, torch.float64).copy_(steps)
            cut = self._buffer(steps, torch.float64)
            torch.bitwise_and(steps.view(torch.int64), _CUT, out=cut.view(torch.int64))
            steps = cut
        bits = self._buffer(steps, torch.float32).copy_(steps).view(torch.int32)
        return bits.bitwise_right_shift_(23).sub_(126).clamp_(min=0)  # 126 is the exponent of 1/2

    def _buffer(self, like: Tensor, dtype: torch.dtype) -> Tensor:
        """Give memory for as many numbers, where the others are."""
        kept = self._buffers.get(dtype)
        if kept is None or kept.numel() < like.numel() or kept.device != like.device:
            kept = self._buffers[dtype] = like.new_empty(like.numel(), dtype=dtype)
        return kept[: like.numel()]
