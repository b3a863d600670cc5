"""The arithmetic on one piece of a pair, in memory that every piece uses again.

Owns the buffers and what is finite. Knows the pair's pieces and floats; keeps no figures. Fresh
memory for each piece would cost more than the arithmetic: page faults, for every piece anew.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from workbook.comparison.pair import PIECE, Limits, Pair, near
from workbook.floats import bits, ulp_distance


class Scratch:
    """Buffers for the pieces of one pair; every result is overwritten by the next piece's."""

    def __init__(self, pair: Pair) -> None:
        sample = near(pair.actual.new_empty(0))
        size = min(PIECE, pair.actual.numel())
        self._size = sample.new_empty(size, dtype=torch.float64)
        self._against = sample.new_empty(size, dtype=torch.float64)
        self._steps = sample.new_empty(size, dtype=bits(sample).dtype)
        self._below = torch.empty_like(self._steps)
        self._unequal = sample.new_empty(size, dtype=torch.bool)

    def differing(self, actual: Tensor, expected: Tensor) -> int:
        """Count unequal patterns."""
        unequal = torch.ne(actual, expected, out=self._unequal[: actual.numel()])
        return int(torch.count_nonzero(unequal).item())

    def differences(self, piece: Pair) -> tuple[Tensor, Tensor]:
        """Give |actual - truth| and |truth|, in float64."""
        count = piece.actual.numel()
        truth = piece.expected if piece.exact is None else piece.exact
        against = self._against[:count].copy_(truth)
        size = self._size[:count].copy_(piece.actual).sub_(against).abs_()
        return size, against.abs_()

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        """Count the steps between finite values, as `floats.ulp_distance` does, faster.

        Whole numbers, in a float64 tensor where signs differ; overwrites what `differences` gave.
        """
        first, second = bits(a), bits(b)
        steps = self._steps[: a.numel()]
        if torch.bitwise_xor(first, second, out=steps).amin().item() >= 0:
            return torch.sub(first, second, out=steps).abs_()  # cannot overflow: signs agree
        if first.element_size() == 8:
            return ulp_distance(a, b)
        # Somewhere the way leads across zero. float64 holds every place of 32 bits, and any way.
        start, end = self._size[: a.numel()], self._against[: a.numel()]
        end.copy_(self._places(second, steps))
        return start.copy_(self._places(first, steps)).sub_(end).abs_()

    def _places(self, patterns: Tensor, places: Tensor) -> Tensor:
        """Give each pattern its place on the line, as `floats.ordered` does, in given memory."""
        width = 8 * patterns.element_size() - 1
        below = self._below[: patterns.numel()]
        torch.bitwise_right_shift(patterns, width, out=below)  # -1 where the sign is set, else 0
        torch.bitwise_and(below, (1 << width) - 1, out=places)
        return places.bitwise_xor_(patterns).sub_(below)


def all_finite(size: Tensor, piece: Pair) -> bool:
    """Say whether a piece with these differences is finite throughout."""
    # The greatest is infinite or NaN unless both are finite, or float64 itself overflows. A truth
    # in float64 may be finite where its rounding to the format is not.
    if not size.amax().isfinite():
        return False
    return piece.exact is None or bool(piece.expected.double().sum().isfinite())


def finite_places(piece: Pair) -> Tensor:
    """Mark where both are finite."""
    return piece.actual.double().isfinite() & piece.expected.double().isfinite()


def only(piece: Pair, places: Tensor) -> Pair:
    """Keep the marked places of a piece."""
    limits = tuple(one[places] if isinstance(one, Tensor) else one for one in piece.limits or ())
    dtype = piece.actual.dtype  # indexed as integers: float8 has no kernel for it everywhere
    actual, expected = bits(piece.actual)[places], bits(piece.expected)[places]
    return Pair(actual.view(dtype), expected.view(dtype), limits=cast(Limits, limits) or None)
