"""The running figures of a comparison: distances counted, greatest differences kept.

Owns Tally, which takes the tensors piece by piece, and the median that it allows. Knows floats;
knows no bounds beyond their numbers, and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import torch
from torch import Tensor

EXACT = 1024
"""Distances below this have a bin each; above, each power of two is cut into this many bins."""

_STEPS_BITS = EXACT.bit_length() - 1
_BINS = EXACT * (64 - _STEPS_BITS)
_NARROWING = 1 << 16


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
    max_ulps: int = 0
    bins: Tensor = field(default_factory=lambda: torch.zeros(_BINS, dtype=torch.int64))
    absolute: Greatest = field(default_factory=Greatest)
    relative: Greatest = field(default_factory=Greatest)
    used: Greatest = field(default_factory=Greatest)

    def add_equal(self, count: int) -> None:
        """Count elements that are no step apart."""
        self.bins[0] += count

    def add_distances(self, steps: Tensor) -> None:
        """Count a piece's distances in ULPs, none of them negative."""
        top = int(steps.amax().item())
        self.max_ulps = max(self.max_ulps, top)
        counts = torch.bincount(steps if top < EXACT else _bin_of(steps)).cpu()
        self.bins[: counts.numel()] += counts

    def add_differences(
        self, size: Tensor, against: Tensor, limit: Tensor | float | None, places: Tensor | int
    ) -> None:
        """Keep the greatest of a piece's |a - b|, |a - b| / |b| and |a - b| / limit.

        `size` is |a - b| and `against` |b|; both are overwritten.
        """
        self.absolute.offer(size, places)
        self.relative.offer(torch.div(size, against, out=against), places)
        if limit is not None:
            self.used.offer(size.div_(limit), places)

    def histogram(self) -> tuple[int, ...]:
        """How many are 0, 1, 2-3, 4-7, ... apart, up to the longest that occurs."""
        small = self.bins[:EXACT].tolist()
        buckets = [small[0]] + [sum(small[1 << k : 2 << k]) for k in range(_STEPS_BITS)]
        buckets += self.bins[EXACT:].view(-1, EXACT).sum(1).tolist()
        return tuple(buckets[: self.max_ulps.bit_length() + 1])

    def median(self, pieces: Callable[[], Iterator[Tensor]]) -> float:
        """Give the median distance, the mean of the two in the middle if their number is even.

        The bins tell it where they are one distance wide. Elsewhere the distances are gone through
        again, by `pieces`, and only those in the one bin that holds it are counted more finely.
        """
        count = int(self.bins.sum().item())
        if count == 0:
            return 0.0
        middle = sorted({(count - 1) // 2, count // 2})
        values: list[int] = []
        for place, ranks in _located(self.bins, middle):
            values += _ranked(ranks, *_edges(place), pieces)
        return sum(values) / len(values)


def _bin_of(steps: Tensor) -> Tensor:
    """Give each distance its bin: the leading bits of a float64 are exponent, then fraction."""
    steps = steps.to(torch.int64)
    # Beyond 2**53 float64 would round: without the lowest 10 bits, 63 bits are exact again.
    exact = torch.where(steps < 1 << 53, steps, steps & -EXACT)
    leading = exact.double().view(torch.int64) >> 52 - _STEPS_BITS
    # EXACT itself, with exponent _STEPS_BITS, comes to bin EXACT.
    coarse = leading.sub_((1023 + _STEPS_BITS - 1) * EXACT)
    return torch.where(steps < EXACT, steps, coarse)


def _edges(place: int) -> tuple[int, int]:
    """Give the smallest and the longest distance of a bin."""
    if place < EXACT:
        return place, place
    power, part = divmod(place - EXACT, EXACT)
    low = EXACT + part << power
    return low, low + (1 << power) - 1


def _located(counts: Tensor, ranks: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Find the bins that hold some ranks, in order, and the ranks within each bin."""
    upto = counts.cumsum(0)
    places = torch.searchsorted(upto, torch.tensor(ranks), right=True).tolist()
    for place, group in groupby(zip(places, ranks, strict=True), key=itemgetter(0)):
        before = int(upto[place - 1].item()) if place else 0
        yield place, [rank - before for _, rank in group]


def _ranked(
    ranks: list[int], low: int, high: int, pieces: Callable[[], Iterator[Tensor]]
) -> list[int]:
    """Give the distances that have some ranks among those from low to high."""
    if low == high:
        return [low] * len(ranks)
    width = -(-(high - low + 1) // _NARROWING)
    counts = torch.zeros(_NARROWING, dtype=torch.int64)
    for steps in pieces():
        inside = steps[(steps >= low) & (steps <= high)].to(torch.int64) - low
        counts += torch.bincount(inside // width, minlength=_NARROWING).cpu()
    values: list[int] = []
    for place, within in _located(counts, ranks):
        start = low + place * width
        values += _ranked(within, start, min(high, start + width - 1), pieces)
    return values
