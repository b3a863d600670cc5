"""Distances counted: how many elements are how many steps apart, and the median.

Owns Distances, which is given distances piece by piece and keeps none of them. Knows no formats:
a distance is a whole number from 0 to 2**63 - 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

import torch
from torch import Tensor

EXACT = 1024
"""Distances below this have a bin each; above, each power of two is cut into this many bins."""

_EXACT_BITS = EXACT.bit_length() - 1
_BINS = EXACT * (64 - _EXACT_BITS)
_FINER_BITS = 16
_FEW = 1 << 20

# Places in the count of leading bits: distances below EXACT have one each, not side by side.
_SMALL = (_EXACT_BITS + 1) * EXACT
_LEADING = _SMALL + _BINS - EXACT
_OF_SMALL = [0] + [
    int(math.ldexp(math.frexp(d)[0] * 2 + math.frexp(d)[1] - 1, 10)) for d in range(1, EXACT)
]


class Distances:
    """Counts of distances; `longest` is the greatest met, 0 at first."""

    def __init__(self) -> None:
        self.longest = 0
        self._bins = torch.zeros(EXACT, dtype=torch.int64, device="cpu")
        self._buffer = torch.empty(0, dtype=torch.float64, device="cpu")

    def add_zeros(self, count: int) -> None:
        """Count elements that are no step apart."""
        self._bins[0] += count

    def add(self, steps: Tensor) -> None:
        """Count a piece's distances, whole numbers of any dtype; `steps` is overwritten."""
        top = int(steps.amax().item())
        self.longest = max(self.longest, top)
        if top >= EXACT == self._bins.numel():
            self._bins = torch.cat([self._bins, self._bins.new_zeros(_BINS - EXACT)])
        if top < EXACT:
            counts = torch.bincount(steps.to(torch.int64) if steps.is_floating_point() else steps)
            self._bins[: counts.numel()] += counts.cpu()
            return
        counts = torch.bincount(self._leading(steps, top), minlength=_LEADING).cpu()
        self._bins[EXACT:] += counts[_SMALL:]
        self._bins[:EXACT] += counts[_OF_SMALL]

    def _leading(self, steps: Tensor, top: int) -> Tensor:
        """Give each distance its leading bits as a float64: exponent, then fraction; 0 for 0."""
        if not steps.is_floating_point():
            if top >= 1 << 53:
                # float64 would round: without the lowest 10 bits, 63 bits are exact again.
                steps.sub_(torch.where(steps < 1 << 53, 0, steps & EXACT - 1))
            if self._buffer.numel() < steps.numel() or self._buffer.device != steps.device:
                self._buffer = steps.new_empty(steps.numel(), dtype=torch.float64)
            steps = self._buffer[: steps.numel()].copy_(steps)
        leading = steps.view(torch.int64)
        leading >>= 52 - _EXACT_BITS
        return leading.sub_(1022 * EXACT).clamp_(min=0)

    def histogram(self) -> tuple[int, ...]:
        """How many are 0, 1, 2-3, 4-7, ... apart, up to the longest that occurs."""
        small = self._bins[:EXACT].tolist()
        buckets = [small[0]] + [sum(small[1 << k : 2 << k]) for k in range(_EXACT_BITS)]
        buckets += self._bins[EXACT:].view(-1, EXACT).sum(1).tolist()
        return tuple(buckets[: self.longest.bit_length() + 1])

    def median(self, pieces: Callable[[], Iterator[Tensor]]) -> float:
        """Give the median, the mean of the two in the middle if their number is even; 0.0 if none.

        The bins tell it where they are one distance wide. Elsewhere the distances are gone through
        again, by `pieces`, for those in the bins that hold it.
        """
        count = int(self._bins.sum().item())
        middle = sorted({(count - 1) // 2, count // 2}) if count else []
        values: list[int] = []
        for place, size, ranks in _located(self._bins, middle):
            power, part = divmod(place - EXACT, EXACT)
            if place < EXACT:
                power, part = 0, place - EXACT
            values += _ranked(ranks, EXACT + part, power, size, pieces)
        return sum(values) / len(values) if values else 0.0


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
    ranks: list[int], start: int, shift: int, size: int, pieces: Callable[[], Iterator[Tensor]]
) -> list[int]:
    """Give the distances of some ranks among the `size` of them that are `start` >> `shift`."""
    if shift == 0:
        return [start] * len(ranks)
    whole = (steps.to(torch.int64) for steps in pieces())
    inside = (steps[(steps >> shift) == start] for steps in whole)
    if size <= _FEW:
        return [int(one) for one in torch.cat(list(inside)).sort().values[ranks].tolist()]
    finer = max(shift - _FINER_BITS, 0)
    first = start << shift - finer
    counts = torch.zeros(1 << shift - finer, dtype=torch.int64, device="cpu")
    for steps in inside:
        counts += torch.bincount((steps >> finer) - first, minlength=counts.numel()).cpu()
    values: list[int] = []
    for place, fewer, within in _located(counts, ranks):
        values += _ranked(within, first + place, finer, fewer, pieces)
    return values
