"""The running figures of a comparison: distances counted, greatest differences kept.

Owns Tally, which takes the figures piece by piece. Knows bounds as numbers only, and no verdict.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from workbook.comparison.distances import Distances
from workbook.comparison.pair import Limits, near

SLACK = 2.0**-22
SMALL = 2.0**-100


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
        if limits is None or not any(isinstance(one, Tensor) for one in limits):
            return  # one limit for all: `finish` needs the greatest difference only
        limit, likely, scale = limits
        self.used.offer(torch.div(size, limit, out=against), places)
        self.likely_used.offer(torch.div(size, likely, out=against), places)
        self.unseen.offer(size.add_(limit), places)
        self.unseen_share.offer(size.div_(scale), places)

    def finish(self, limits: Limits) -> None:
        """Take in the limits where nothing differed, and limits that are one for all elements."""
        limit, likely, scale = (_numbers(one) for one in limits)
        if not limit.numel():
            return
        limit = limit.nan_to_num(nan=0.0, posinf=math.inf)
        size = torch.zeros((), dtype=torch.float64)
        if not any(isinstance(one, Tensor) for one in limits):
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
