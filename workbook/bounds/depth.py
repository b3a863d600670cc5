"""How many roundings one term of a sum goes through: the depth of torch's own sums on a CPU.

Owns the depth of `sum` and `mean` by dtype, layout and dimension. Reads no values; the probe holds
these depths to what the machine does.
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["contiguous", "strided", "columns"]
Dim = int | Sequence[int] | None

GRAIN = 1 << 15
"""Terms from which torch divides one sum among threads, and the least that one thread is given."""

MOST_THREADS = 256
LARGEST = 1 << 28
"""Longer sums are cut once more for 32-bit offsets: their depth is taken for unknown."""

# Registers of 128 and of 256 bits; wider ones are not used for sums. 16-bit numbers are converted.
_LANES = {torch.float64: (2, 4), torch.float32: (4, 8)}
_LANES |= {torch.float16: (4, 8), torch.bfloat16: (4, 8)}


def sum_depth(x: Tensor, dim: Dim = None) -> int | None:
    """Count the additions that a term of `x.sum(dim)` goes through at most, on this CPU or another.

    Covers every width of vector registers, every number of threads, and a conversion of 16-bit
    numbers to float32 before or while they are added. None where the order of the additions is not
    known: on other devices, for layouts whose summed dimensions do not lie in one run, from 2**28
    terms on. The depth is then n - 1 at most.

    >>> sum_depth(torch.ones(1_000_000)), sum_depth(torch.ones(100, 100), 0)
    (73, 21)
    """
    kind = sum_kind(x, dim)
    if kind is None:
        return None
    sizes = {place: x.shape[place] for place in summed(x, dim)}
    terms = math.prod(sizes.values())
    whole = math.prod(x.shape) == terms
    pairs = (1, 2) if x.element_size() == 2 and kind == "contiguous" else (1,)
    return max(_deepest(terms, kind, _LANES[x.dtype], pair, whole) for pair in pairs)


def sum_kind(x: Tensor, dim: Dim = None) -> Kind | None:
    """Say how the terms of one sum lie in memory, where torch's way to add them is known."""
    if x.device.type != "cpu" or x.layout != torch.strided or x.dtype not in _LANES:
        return None
    places = sorted((p for p in summed(x, dim) if x.shape[p] > 1), key=x.stride)
    run = itertools.pairwise(places)
    if math.prod(x.shape[p] for p in places) >= LARGEST:
        return None
    if any(x.stride(b) != x.stride(a) * x.shape[a] for a, b in run):
        return None
    if not places or x.stride(places[0]) == 1:
        return "contiguous"
    kept = math.prod(x.shape) // max(math.prod(x.shape[p] for p in places), 1)
    return "strided" if kept <= 1 else "columns"


def summed(x: Tensor, dim: Dim) -> tuple[int, ...]:
    """List the dimensions that are summed over, from 0; ValueError for one that x does not have."""
    places = (dim,) if isinstance(dim, int) else tuple(dim or range(x.dim()))
    for place in places:
        if not -x.dim() <= place < x.dim():
            raise ValueError(f"dim must be from {-x.dim()} to {x.dim() - 1}, got {place}")
    return tuple(place % x.dim() for place in places)


@lru_cache(maxsize=1024)
def _deepest(terms: int, kind: Kind, lanes: tuple[int, ...], pair: int, whole: bool) -> int:
    """Give the greatest depth over register widths; over numbers of threads, too, if `whole`."""
    most = min(MOST_THREADS, -(-terms // GRAIN)) if whole and terms >= GRAIN else 1
    widths = (1, *lanes) if terms < pair * max(lanes) else lanes
    if kind != "contiguous":
        widths = (1,)
    depths = []
    for width in widths:
        joined = max(cascade_depth(t, width) for t in range(1, MOST_THREADS + 1))
        for threads in range(1, most + 1):
            part = -(-terms // threads)
            depths.append(cascade_depth(part, width, pair=pair) + min(threads - 1, joined))
            if kind == "columns":
                depths.append(cascade_depth(part, 1, columns=1))
    return min(max(depths), max(terms - 1, 0))


@lru_cache(maxsize=4096)
def cascade_depth(terms: int, lanes: int, *, columns: int = 4, pair: int = 1) -> int:
    """Count the additions on the longest way of a term through torch's cascade sum, on one thread.

    Terms go to `lanes` lanes of `columns` vectors side by side (`pair` neighbors of 16 bits are
    added first). Each column adds `step` rows to a running total, `step` such totals to another,
    and so on, over four levels; then the columns join, the lanes, and what was left over.
    (PyTorch, aten/src/ATen/native/cpu/SumKernel.cpp: multi_row_sum and row_sum.)

    >>> cascade_depth(1_000_000, 8), cascade_depth(3, 8)
    (62, 2)
    """
    if terms < lanes * pair:
        lanes = pair = 1
    leaf = pair - 1
    vectors = terms // (lanes * pair)
    column = _column_depth(vectors // columns, leaf)
    total = column
    for _ in range(vectors % columns):
        total = _joined(total, leaf)
    for _ in range(columns - 1):
        total = _joined(total, column)
    if lanes == 1:
        return total or 0
    result = _chained(terms % (lanes * pair), 0)
    for _ in range(lanes):
        result = _joined(result, total)
    return result or 0


def _column_depth(rows: int, leaf: int) -> int | None:
    """Give the depth of one column's rows: None for no rows, whose total is an exact zero."""
    step = 1 << max(4, (rows - 1).bit_length() // 4) if rows else 16
    depth, count = leaf + step - 1, rows // step
    parts = [_chained(rows % step, leaf)]
    for _ in range(2):
        parts.append(_chained(count % step, depth))
        count, depth = count // step, depth + step - 1
    parts.append(_chained(count, depth))
    total: int | None = None
    for part in parts:
        total = _joined(total, part)
    return total


def _joined(first: int | None, second: int | None) -> int | None:
    """Give the depth of two totals added; adding an exact zero (None) rounds nothing."""
    if first is None or second is None:
        return second if first is None else first
    return max(first, second) + 1


def _chained(count: int, depth: int) -> int | None:
    """Give the depth of `count` totals of one depth, added one after another."""
    return depth + count - 1 if count else None
