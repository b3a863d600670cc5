"""Distances counted: how many elements are how many steps apart, and the median.

Owns Distances, which is given distances piece by piece and keeps none of them. Knows no formats:
a distance is a whole number from 0 to 2**63 - 1.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor

EXACT = 1024
"""Where no distance is longer than this, each has a bin of its own."""

# Else a bin holds the distances that agree in their first 8 bits: those whose float32, cut and not
# rounded, has the same upper 16 bits. Zero is bin 0, and 1 is the first of the bins behind.
_FRACTION = 7
_FIRST = 127 << _FRACTION
_BINS = _FIRST + (63 << _FRACTION)
_LAST_NEAR = _FIRST + (EXACT.bit_length() - 1 << _FRACTION) - 1
_FLOAT32 = 1 << 24  # up to here float32 holds every whole number
_CUT = -1 << 29  # keeps as many bits of a float64 as float32 has
_FINER_BITS = 16
_FEW = 1 << 20


class Distances:
    """Counts of distances; `longest` is the greatest met, 0 at first."""

    def __init__(self) -> None:
        self.longest = 0
        self._near = torch.zeros(EXACT, dtype=torch.int64, device="cpu")
        self._far = torch.zeros(_BINS, dtype=torch.int64, device="cpu")
        # The bins that probably hold the median, by the first piece; what is in them is kept, so
        # that it need not be found again.
        self._middle = range(0)
        self._kept: list[Tensor] = []
        self._buffers: dict[torch.dtype, Tensor] = {}

    def add_zeros(self, count: int) -> None:
        """Count elements that are no step apart."""
        self._near[0] += count

    def add(self, steps: Tensor) -> None:
        """Count a piece's distances, whole numbers of any dtype."""
        top = int(steps.amax().item())
        self.longest = max(self.longest, top)
        if top < EXACT:
            if steps.is_floating_point():
                steps = self._buffer(steps, torch.int32).copy_(steps)
            counts = torch.bincount(steps).cpu()
            self._near[: counts.numel()] += counts
            return
        bins = self._bins_of(steps, top)
        counts = torch.bincount(bins).cpu()
        if not self._far.any():
            self._middle = _around_middle(counts)
        self._far[: counts.numel()] += counts
        if self._middle:
            self._keep(steps, bins)

    def histogram(self) -> tuple[int, ...]:
        """How many are 0, 1, 2-3, 4-7, ... apart, up to the longest that occurs."""
        none, *octaves = self._all().view(-1, 1 << _FRACTION).sum(1).tolist()
        buckets = none, *octaves[(_FIRST >> _FRACTION) - 1 :]
        return buckets[: self.longest.bit_length() + 1]

    def median(self, pieces: Callable[[], Iterator[Tensor]]) -> float:
        """Give the median, the mean of the two in the middle if their number is even; 0.0 if none.

        The bins tell it where they are one distance wide. Elsewhere the distances are gone through
        again, by `pieces`, for those in the bins that hold it.
        """
        bins = self._near if self.longest < EXACT else self._all()
        count = int(bins.sum().item())
        middle = sorted({(count - 1) // 2, count // 2}) if count else []
        values: list[int] = []
        for place, size, ranks in _located(bins, middle):
            if self.longest < EXACT:
                values += [place] * len(ranks)
                continue
            octave, part = divmod(place - _FIRST, 1 << _FRACTION)
            start, shift = (1 << _FRACTION) + part, octave - _FRACTION
            if shift <= 0:
                values += [start >> -shift if place else 0] * len(ranks)
                continue

            def inside(place: int = place) -> Iterator[Tensor]:
                every = iter(self._kept) if place in self._middle else pieces()
                return (self._inside(steps, place) for steps in every)

            values += _ranked(ranks, start, shift, size, inside)
        return sum(values) / len(values) if values else 0.0

    def _all(self) -> Tensor:
        """Give the bins of all distances, those that were counted one by one among them."""
        near = torch.arange(EXACT, dtype=torch.int32, device="cpu")
        return self._far.index_add(0, self._bins_of(near, EXACT), self._near)

    def _bins_of(self, steps: Tensor, top: int) -> Tensor:
        """Give the bin of each distance, in memory that is used again."""
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
        return bits.bitwise_right_shift_(23 - _FRACTION)

    def _keep(self, steps: Tensor, bins: Tensor) -> None:
        """Keep what is in the bins of the probable median, unless it is much."""
        marked = self._buffer(steps, torch.uint8)
        first, last = self._middle[0], self._middle[-1]
        torch.le(bins.mul_(2).sub_(first + last).abs_(), last - first, out=marked)
        self._kept.append(steps[nonzero(marked.view(torch.bool))])
        if sum(one.numel() for one in self._kept) > _FEW:
            self._middle, self._kept = range(0), []

    def _inside(self, steps: Tensor, place: int) -> Tensor:
        """Select the distances of one bin, as int64."""
        marked = self._buffer(steps, torch.uint8)  # written faster than bool
        torch.eq(self._bins_of(steps, self.longest), place, out=marked)
        return steps[nonzero(marked.view(torch.bool))].to(torch.int64)

    def _buffer(self, like: Tensor, dtype: torch.dtype) -> Tensor:
        """Give memory for as many numbers, where the others are."""
        kept = self._buffers.get(dtype)
        if kept is None or kept.numel() < like.numel() or kept.device != like.device:
            kept = self._buffers[dtype] = like.new_empty(like.numel(), dtype=dtype)
        return kept[: like.numel()]


def nonzero(marked: Tensor) -> Tensor:
    """Give the places that are marked in one dimension; on the CPU NumPy is five times as fast."""
    if marked.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(marked.numpy()))
    return marked.nonzero().flatten()


def _around_middle(counts: Tensor) -> range:
    """Give the bins that hold the middle hundredth; none where distances have bins of their own."""
    count = int(counts.sum().item())
    places = [place for place, _, _ in _located(counts, [count * 99 // 200, count * 101 // 200])]
    first, last = places[0], places[-1]
    return range(first, last + 1) if first > _LAST_NEAR else range(0)


def _located(counts: Tensor, ranks: list[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Find the bins that hold some ranks, in order: bin, its count, the ranks within it."""
    upto = counts.cumsum(0)
    wanted = torch.tensor(ranks, dtype=torch.int64, device="cpu")
    places = torch.searchsorted(upto, wanted, right=True).tolist()
    for place, group in groupby(zip(places, ranks, strict=True), key=itemgetter(0)):
        size = int(counts[place].item())
        before = int(upto[place].item()) - size
        yield place, size, [rank - before for _, rank in group]


def _ranked(
    ranks: list[int], start: int, shift: int, size: int, inside: Callable[[], Iterator[Tensor]]
) -> list[int]:
    """Give the distances of some ranks among the `size` of them that are `start` >> `shift`."""
    if shift == 0:
        return [start] * len(ranks)
    if size <= _FEW:
        return [int(one) for one in torch.cat(list(inside())).sort().values[ranks].tolist()]
    finer = max(shift - _FINER_BITS, 0)
    first = start << shift - finer
    counts = torch.zeros(1 << shift - finer, dtype=torch.int64, device="cpu")
    for steps in inside():
        counts += torch.bincount((steps >> finer) - first, minlength=counts.numel()).cpu()
    values: list[int] = []
    for place, fewer, within in _located(counts, ranks):

        def closer(code: int = first + place) -> Iterator[Tensor]:
            return (steps[(steps >> finer) == code] for steps in inside())

        values += _ranked(within, first + place, finer, fewer, closer)
    return values
