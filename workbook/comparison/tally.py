"""The running figures of a comparison: distances counted, greatest differences kept.

Owns Tally, which takes the tensors piece by piece. Knows floats; knows no bounds beyond their
numbers and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from workbook.floats import ulp_distance

SMALL = 1024
"""Distances below this are counted one by one, longer ones by their power of two."""

BINS = 1 << 16
_PATTERNS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_POWERS = [1 << k for k in range(63)]


@dataclass
class Greatest:
    """The greatest value so far and the flat index where it was met."""

    value: float = 0.0
    index: int | None = None

    def offer(self, values: Tensor, places: Tensor | int) -> None:
        """Take the greatest of a piece; `places` are its flat indices or where they begin."""
        top = values.amax().item()
        if math.isnan(top):  # 0 / 0: no difference, whatever it is compared with
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
    max_ulps: int = 0
    small: Tensor = field(default_factory=lambda: torch.zeros(SMALL + 1, dtype=torch.int64))
    large: Tensor = field(default_factory=lambda: torch.zeros(64, dtype=torch.int64))
    absolute: Greatest = field(default_factory=Greatest)
    relative: Greatest = field(default_factory=Greatest)
    used: Greatest = field(default_factory=Greatest)

    def add_distances(self, steps: Tensor) -> None:
        """Count a piece's distances in ULPs."""
        top = int(steps.amax().item())
        self.max_ulps = max(self.max_ulps, top)
        if top >= SMALL:
            beyond = steps[steps >= SMALL].to(torch.int64)
            powers = torch.tensor(_POWERS, device=beyond.device)
            self.large += torch.bincount(
                torch.bucketize(beyond, powers, right=True), minlength=64
            ).cpu()
            steps = steps.clamp(max=SMALL)
        self.small += torch.bincount(steps, minlength=SMALL + 1).cpu()

    def add_differences(
        self, size: Tensor, against: Tensor, limit: Tensor | float | None, places: Tensor | int
    ) -> None:
        """Keep the greatest of a piece's |a - b|, |a - b| / |b| and |a - b| / limit."""
        self.absolute.offer(size, places)
        self.relative.offer(size / against.abs(), places)
        if limit is not None:
            self.used.offer(size / limit, places)

    def histogram(self) -> tuple[int, ...]:
        """How many are 0, 1, 2-3, 4-7, ... apart, up to the last that occurs."""
        small = self.small.tolist()
        counts = [small[0]] + [sum(small[1 << k : 2 << k]) for k in range(SMALL.bit_length() - 1)]
        counts += self.large[len(counts) :].tolist()
        return tuple(counts[: self.max_ulps.bit_length() + 1])


def bits(tensor: Tensor) -> Tensor:
    """View the bit patterns as signed integers."""
    return tensor.view(_PATTERNS[tensor.element_size()])


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Count the steps between finite values, as `floats.ulp_distance` does."""
    first, second = bits(a), bits(b)
    if a.element_size() < 4:
        first, second = first.to(torch.int32), second.to(torch.int32)
    if (first ^ second).amin().item() < 0:  # somewhere the signs differ: the way leads across zero
        return ulp_distance(a, b)
    return first.sub(second).abs_()


def median(tally: Tally, pieces: Callable[[], Iterator[Tensor]]) -> float:
    """Give the median distance: the mean of the two in the middle where the count is even.

    Reads the counts of `tally`; where these are too coarse, goes through `pieces` again and counts
    within the one interval that holds the median, until it is one distance wide.
    """
    count = sum(tally.histogram())
    if not count:
        return 0.0
    low, high = (_ranked(tally, rank, pieces) for rank in ((count - 1) // 2, count // 2))
    return low if low == high else (low + high) / 2


def _ranked(tally: Tally, rank: int, pieces: Callable[[], Iterator[Tensor]]) -> int:
    upto = tally.small[:SMALL].cumsum(0)
    if rank < int(upto[-1].item()):
        return int(torch.searchsorted(upto, rank, right=True).item())
    bucket = 0
    counts = tally.histogram()
    while rank >= counts[bucket]:
        rank -= counts[bucket]
        bucket += 1
    return _narrowed(rank, 1 << bucket - 1, (1 << bucket) - 1, pieces)


def _narrowed(rank: int, low: int, high: int, pieces: Callable[[], Iterator[Tensor]]) -> int:
    """Find the distance of a rank among those from low to high."""
    while low < high:
        width = -(-(high - low + 1) // BINS)
        counts = torch.zeros(BINS, dtype=torch.int64)
        for steps in pieces():
            inside = steps[(steps >= low) & (steps <= high)].to(torch.int64)
            counts += torch.bincount((inside - low) // width, minlength=BINS).cpu()
        upto = counts.cumsum(0)
        bin_ = int(torch.searchsorted(upto, rank, right=True).item())
        rank -= int(upto[bin_ - 1].item()) if bin_ else 0
        low, high = low + bin_ * width, min(high, low + bin_ * width + width - 1)
    return low
