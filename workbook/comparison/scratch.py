"""The arithmetic on one piece of a pair, in memory that every piece uses again.

Owns the buffers and what is finite. Knows the pair's pieces and floats; keeps no figures. Fresh
memory for each piece would cost more than the arithmetic: page faults, for every piece anew.
"""

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
        self._magnitude = torch.empty_like(self._steps)
        self._narrow = sample.new_empty((2, size), dtype=torch.float32)

    def differing(self, actual: Tensor, expected: Tensor) -> int:
        """Count unequal patterns."""
        unequal = torch.bitwise_xor(actual, expected, out=self._steps[: actual.numel()])
        return int(torch.count_nonzero(unequal).item())  # twice as fast as on a tensor of bool

    def differences(self, piece: Pair) -> tuple[Tensor, Tensor]:
        """Give |actual - truth| and |truth|, in float64."""
        count = piece.actual.numel()
        truth = piece.expected if piece.exact is None else piece.exact
        against = self._against[:count].copy_(truth)
        size = self._size[:count].copy_(piece.actual).sub_(against).abs_()
        return size, against.abs_()

    def outline(self, piece: Pair) -> tuple[Tensor, Tensor] | None:
        """Give what `differences` does, rounded to float32, which is faster; None for float64."""
        if piece.exact is not None or piece.actual.element_size() > 4:
            return None
        count = piece.actual.numel()
        size, against = self._narrow[:, :count]
        if piece.actual.dtype != torch.float32:
            torch.sub(size.copy_(piece.actual), against.copy_(piece.expected), out=size)
            return size.abs_(), against.abs_()
        torch.sub(piece.actual, piece.expected, out=size)
        return size.abs_(), torch.abs(piece.expected, out=against)

    def distances(self, a: Tensor, b: Tensor, *, again: bool = True) -> Tensor:
        """Count the steps between finite values, as `floats.ulp_distance` does, faster.

        Whole numbers, in a float64 tensor where signs differ; overwrites what `differences` gave.
        `again` is False where `differing` was asked about the same piece just before.
        """
        first, second = bits(a), bits(b)
        steps = self._steps[: a.numel()]
        if again:
            torch.bitwise_xor(first, second, out=steps)
        if steps.amin().item() >= 0:
            return torch.sub(first, second, out=steps).abs_()  # cannot overflow: signs agree
        if first.element_size() == 8:
            return ulp_distance(a, b)
        # Somewhere the way leads across zero: there the magnitudes add up, elsewhere one is taken
        # off the other. float64 holds every magnitude of 32 bits, and any sum of two.
        width = 8 * first.element_size() - 1
        across = steps.bitwise_right_shift_(width)  # -1 or 0
        magnitude = self._magnitude[: a.numel()]
        torch.bitwise_and(second, (1 << width) - 1, out=magnitude)
        end = self._against[: a.numel()].copy_(magnitude.bitwise_xor_(across).sub_(across))
        torch.bitwise_and(first, (1 << width) - 1, out=magnitude)
        return self._size[: a.numel()].copy_(magnitude).sub_(end).abs_()


def all_finite(size: Tensor, piece: Pair) -> bool:
    """Say whether a piece with these differences is finite throughout."""
    # The greatest is infinite or NaN unless both are finite, or float64 itself overflows. A truth
    # in float64 may be finite where its rounding to the format is not.
    if not size.amax().isfinite():
        return False
    return piece.exact is None or bool(piece.expected.double().sum().isfinite())


def finite_places(piece: Pair) -> Tensor:
    """Mark where both tensors are finite."""
    return piece.actual.double().isfinite() & piece.expected.double().isfinite()


def only(piece: Pair, places: Tensor) -> Pair:
    """Keep the marked places of a piece."""
    limits = tuple(
        limit[places] if isinstance(limit, Tensor) else limit for limit in piece.limits or ()
    )
    dtype = piece.actual.dtype  # indexed as integers: float8 has no kernel for it everywhere
    actual, expected = bits(piece.actual)[places], bits(piece.expected)[places]
    return Pair(actual.view(dtype), expected.view(dtype), limits=cast(Limits, limits) or None)
