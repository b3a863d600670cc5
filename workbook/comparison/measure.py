"""Compare tensors piece by piece and give the verdict.

Owns compare and error_of. Knows bounds, the pair and the tally; changes neither tensor.
"""

import math

import numpy as np
import torch
from torch import Tensor

from workbook.bounds import Bound
from workbook.bounds.arithmetic import undisturbed
from workbook.comparison.pair import Pair, pieces, plain_pair, truth_pair
from workbook.comparison.record import Comparison, Verdict
from workbook.comparison.scratch import Scratch, all_finite, finite_places, only
from workbook.comparison.tally import Tally
from workbook.floats import bits


@undisturbed()
def compare(
    actual: Tensor,
    expected: Tensor,
    *,
    bound: Bound | None = None,
    first: str = "first",
    second: str = "second",
) -> Comparison:
    """Compare two tensors bit by bit, in ULPs, and against a bound.

    Any shape, floating, integer, bool or complex dtype; shape, dtype and device must be the same.
    Complex tensors are compared as pairs of reals: the shape gains a last dimension of 2. Integers
    and bool have no ULPs. `bound` is a limit on |actual - expected| (two computed results, each
    with its own bound: add the bounds); None expects every bit to agree.

    -0.0 and 0.0, and two NaNs with different payloads, differ in their bits but are 0 apart: a
    bound covers them. NaN or infinity against anything else has left the range of the format,
    whatever the bound. Tensors without elements are identical. Differences are taken in float64,
    rounded once. Conditions in force around it (simulated accelerator, flushed subnormals, default
    device) change nothing.

    TypeError for anything but dense tensors and a Bound; ValueError for a pair that does not fit.

    >>> compare(torch.tensor([1.0]), torch.tensor([1.0])).verdict
    'identical'
    """
    return _compared(plain_pair(actual, expected, bound), bound, first, second)


@undisturbed()
def error_of(
    actual: Tensor,
    exact: Tensor,
    *,
    bound: Bound | None = None,
    first: str = "computed",
    second: str = "exact",
) -> Comparison:
    """Compare a computed tensor with the float64 truth.

    `actual` in any floating format, `exact` float64 of the same shape. Bits and ULPs are measured
    in the format of `actual`, against `exact` rounded to it once, ties to even; so "identical"
    means correctly rounded everywhere. Differences and bound are measured against `exact` itself.
    Errors as for `compare`.

    >>> error_of(torch.tensor([0.1]), torch.tensor([0.1], dtype=torch.float64)).identical
    True
    """
    return _compared(truth_pair(actual, exact, bound), bound, first, second)


def _compared(pair: Pair, bound: Bound | None, first: str, second: str) -> Comparison:
    tally = Tally()
    scratch = Scratch(pair)
    for piece in pieces(pair):
        _add(tally, piece, scratch)
    shape = tuple(pair.actual.shape)
    ulps = pair.actual.dtype.is_floating_point
    worst, worst_rel = tally.absolute, tally.relative
    if pair.limits:
        tally.finish(pair.limits)
    verdict = _verdict(tally, bound)  # by what is finite, before the others count as infinite
    if tally.first_incomparable is not None:
        worst.value = worst_rel.value = tally.used.value = tally.likely_used.value = math.inf
        worst.index = worst_rel.index = tally.first_incomparable
    return Comparison(
        first=first,
        second=second,
        shape=shape,
        dtype=str(pair.actual.dtype).removeprefix("torch."),
        count=pair.actual.numel(),
        differing=tally.differing,
        incomparable=tally.incomparable,
        max_ulps=tally.distances.longest if ulps else None,
        histogram=tally.distances.histogram() if ulps else None,
        worst_index=_unraveled(worst.index, shape),
        max_abs=worst.value,
        worst_rel_index=_unraveled(worst_rel.index, shape),
        max_rel=worst_rel.value,
        bound=bound.greatest if bound else None,
        bound_name=bound.name if bound else None,
        bound_source=bound.source if bound else None,
        bound_used=tally.used.value if bound else None,
        verdict=verdict,
        likely_used=tally.likely_used.value if bound else None,
        unseen=tally.unseen.value if bound else None,
        unseen_share=tally.unseen_share.value if bound and bound.scale is not None else None,
        terms=bound.terms or None if bound else None,
        term=bound.term if bound and bound.terms else None,
    )


def _verdict(tally: Tally, bound: Bound | None) -> Verdict:
    if tally.differing == 0:
        return "identical"
    if tally.used.value > 1 or (bound is None and tally.differing > tally.incomparable):
        return "wrong"
    if tally.incomparable:
        return "left the range"
    return "doubtful" if tally.likely_used.value > 1 else "rounding"


def _add(tally: Tally, piece: Pair, scratch: Scratch) -> None:
    """Take one piece into the figures."""
    actual, expected = bits(piece.actual), bits(piece.expected)
    if piece.exact is None and torch.equal(actual, expected):
        tally.distances.add_zeros(actual.numel())
        return
    tally.differing += scratch.differing(actual, expected)
    if not piece.actual.dtype.is_floating_point:
        size = _integer_difference(piece.actual, piece.expected)
        tally.add_differences(size, piece.expected.double().abs_(), None, piece.offset)
        return
    if _add_differences(tally, piece, scratch):
        # Last: where signs differ it needs the memory of the differences.
        tally.distances.add(scratch.distances(piece.actual, piece.expected, again=False))
        return
    finite = finite_places(piece)
    _add_incomparable(tally, piece, finite)
    if finite.any():
        kept = only(piece, finite)
        places = finite.nonzero().flatten() + piece.offset
        size, against = scratch.differences(piece)
        tally.add_differences(size[finite], against[finite], kept.limits, places)
        tally.distances.add(scratch.distances(kept.actual, kept.expected))


def _add_differences(tally: Tally, piece: Pair, scratch: Scratch) -> bool:
    """Take in the differences of a piece, if it is finite throughout; say whether it is."""
    if not any(isinstance(limit, Tensor) for limit in piece.limits or ()):
        outline = scratch.outline(piece)
        if outline and math.isfinite(top := outline[0].amax().item()):
            if tally.may_grow(top, *outline):
                tally.add_differences(*scratch.differences(piece), piece.limits, piece.offset)
            return True
    size, against = scratch.differences(piece)
    if not all_finite(size, piece):
        return False
    tally.add_differences(size, against, piece.limits, piece.offset)
    return True


def _add_incomparable(tally: Tally, piece: Pair, finite: Tensor) -> None:
    """Count what is not finite: equal, or without a distance."""
    a, b = piece.actual.double(), piece.expected.double()
    same = (a == b) | (a.isnan() & b.isnan())
    tally.distances.add_zeros(int(torch.count_nonzero(same & ~finite).item()))
    bad = (~same & ~finite).nonzero()
    tally.incomparable += bad.numel()
    if bad.numel() and tally.first_incomparable is None:
        tally.first_incomparable = piece.offset + int(bad[0].item())


def _integer_difference(a: Tensor, b: Tensor) -> Tensor:
    """Give |a - b| in float64: halves of 32 bits cannot overflow, and only the last step rounds."""
    a, b = a.to(torch.int64), b.to(torch.int64)
    high = ((a >> 32) - (b >> 32)).double()
    low = ((a & 0xFFFFFFFF) - (b & 0xFFFFFFFF)).double()
    return (high * 2.0**32 + low).abs_()


def _unraveled(index: int | None, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Turn a flat index into one index a dimension."""
    return None if index is None else tuple(map(int, np.unravel_index(index, shape)))
