"""The running figures of a comparison: distances counted, greatest differences kept.

Owns Tally, which takes the figures piece by piece, and Distances, which counts whole numbers from 0
to 2**63 - 1 and keeps none. Knows bounds as numbers only, and no verdict.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from workbook.comparison.pair import Limits, near

SLACK = 2.0**-22
SMALL = 2.0**-100

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
        """Count the elements that are 0, 1, 2-3, 4-7, ... ULPs apart, up to the farthest."""
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
        """Give memory for as many numbers as `like` has, on its device."""
        kept = self._buffers.get(dtype)
        if kept is None or kept.numel() < like.numel() or kept.device != like.device:
            kept = self._buffers[dtype] = like.new_empty(like.numel(), dtype=dtype)
        return kept[: like.numel()]


@dataclass
class Greatest:
    """The greatest value so far and the flat index where it was first met."""

    value: float = 0.0
    index: int | None = None

    def offer(self, values: Tensor, places: Tensor | int) -> None:
        """Take the greatest of a piece; `places` are its flat indices or where they begin."""
        top = values.amax().item()
        if math.isnan(top):  # 0 / 0: no difference, whatever it is held against
            values = values.nan_to_num(nan=0.0, posinf=math.inf)
            top = values.amax().item()
        if top > self.value:
            here = int((values == top).nonzero()[0].item())
            self.value = top
            self.index = places + here if isinstance(places, int) else int(places[here].item())


@dataclass
class Tally:
    """Figures over all pieces seen so far."""

    differing: int = 0
    incomparable: int = 0
    first_incomparable: int | None = None
    distances: Distances = field(default_factory=Distances)
    absolute: Greatest = field(default_factory=Greatest)
    relative: Greatest = field(default_factory=Greatest)
    used: Greatest = field(default_factory=Greatest)
    likely_used: Greatest = field(default_factory=Greatest)
    unseen: Greatest = field(default_factory=Greatest)
    unseen_share: Greatest = field(default_factory=Greatest)

    def may_grow(self, top: float, size: Tensor, against: Tensor) -> bool:
        """Say from float32 figures whether a piece may hold a greater difference than any so far.

        `size` is |a - b|, rounded, with its greatest value `top`, and `against` |b|. A difference
        is rounded once and a quotient twice, so where neither is subnormal the greatest of either
        is off by less than SLACK. A difference that is subnormal is exact. `size` is overwritten.
        """
        if top >= self.absolute.value * (1 - SLACK) or self.relative.value < SMALL:
            return True
        share = torch.div(size, against, out=size).amax().item()
        if math.isnan(share):  # 0 / 0
            share = size.nan_to_num_(nan=0.0, posinf=math.inf).amax().item()
        return self.relative.value * (1 - SLACK) <= share and self.relative.value < math.inf

    def add_differences(
        self, size: Tensor, against: Tensor, limits: Limits | None, places: Tensor | int
    ) -> None:
        """Keep the greatest of a piece's |a - b|, |a - b| / |b| and shares of the limits.

        `size` is |a - b| and `against` |b|; both are overwritten.
        """
        self.absolute.offer(size, places)
        self.relative.offer(torch.div(size, against, out=against), places)
        if limits is None or not any(isinstance(part, Tensor) for part in limits):
            return  # one limit for all: `finish` needs the greatest difference only
        limit, likely, scale = limits
        self.used.offer(torch.div(size, limit, out=against), places)
        self.likely_used.offer(torch.div(size, likely, out=against), places)
        self.unseen.offer(size.add_(limit), places)
        self.unseen_share.offer(size.div_(scale), places)

    def finish(self, limits: Limits) -> None:
        """Take in the limits where nothing differed, and limits that are one for all elements."""
        limit, likely, scale = (_numbers(part) for part in limits)
        if not limit.numel():
            return
        limit = limit.nan_to_num(nan=0.0, posinf=math.inf)
        size = torch.zeros((), dtype=torch.float64)
        if not any(isinstance(part, Tensor) for part in limits):
            size += self.absolute.value
        self.used.offer((size / limit).reshape(-1), 0)
        self.likely_used.offer((size / likely).reshape(-1), 0)
        self.unseen.offer((size + limit).reshape(-1), 0)
        self.unseen_share.offer(((size + limit) / scale).reshape(-1), 0)


def _numbers(limit: Tensor | float) -> Tensor:
    """Give a limit as a float64 tensor, wherever new tensors are made by default."""
    if isinstance(limit, Tensor):
        return near(limit).to(torch.float64)
    return torch.tensor(limit, dtype=torch.float64, device="cpu")
