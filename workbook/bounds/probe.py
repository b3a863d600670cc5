"""The depth of a sum, measured from outside: which terms a large number swallows tells the tree.

Owns the probe, and whether torch's own sums are as deep here as `depth` says. Knows no formula.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

import torch
from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.depth import Kind, sum_depth

Reduction = Callable[[Tensor], Tensor]

# A mask, and a term that it swallows, also when many were added up before: (mask, term).
_MASKS = {
    torch.float64: (2.0**100, 1.0),
    torch.float32: (2.0**100, 1.0),
    torch.bfloat16: (2.0**100, 1.0),
    torch.float16: (2.0**15, 2.0**-24),
}


@undisturbed()
def measured_depth(
    reduction: Reduction,
    terms: int,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    leaves: Iterable[int] | None = None,
    partners: Iterable[int] | None = None,
) -> int:
    """Measure how many additions a term of a linear reduction goes through at most.

    `reduction` takes a vector of `terms` numbers to one number, by adding: a sum, an entry of a
    product with ones. Term i becomes a large number, term j its negative, all others are small:
    the small ones that meet one of the two before these cancel are lost. How many survive tells
    how many terms lie under the node where i and j meet. Node above node has more terms, so the
    different counts over all j are the additions on the way of i. (The idea is FPRev's: Xie et al.,
    USENIX ATC 2025, arXiv:2411.00442.) An addition of several operands at once counts as one, and
    compensated sums as 1.

    Takes `terms` - 1 reductions for each of `leaves` (None: every term; then the depth is exact).
    With fewer leaves or `partners` (the terms j) the depth is at least what is returned. 16-bit
    results count to 256 (bfloat16) or 2048 (float16) only: more terms are a ValueError.

    >>> measured_depth(lambda x: x.cumsum(0)[-1], 5)
    4
    """
    if dtype not in _MASKS:
        raise ValueError(f"dtype must be a float of 16, 32 or 64 bits, got {dtype}")
    most = round(2 / torch.finfo(dtype).eps)
    if not 1 <= terms <= most:
        raise ValueError(f"{dtype} can count from 1 to {most} terms, got {terms}")
    mask, small = _MASKS[dtype]
    x = torch.full((terms,), small, dtype=dtype, device=device)
    others = range(terms) if partners is None else tuple(partners)
    deepest = 0
    for leaf in range(terms) if leaves is None else leaves:
        counts = set()
        x[leaf] = mask
        for other in others:
            if other != leaf:
                x[other] = -mask
                counts.add(float(reduction(x)))
                x[other] = small
        x[leaf] = small
        deepest = max(deepest, len(counts))
    return deepest


@lru_cache(maxsize=32)
def as_expected(dtype: torch.dtype, kind: Kind) -> bool:
    """Say whether some terms of a short sum go through no more additions than `sum_depth` says.

    Measured once a process, in some milliseconds; draws no random numbers.
    """
    terms = 200 if dtype.itemsize == 2 else 300
    reduction, sample = _as_laid_out(dtype, kind, terms)
    expected = sum_depth(*sample)
    leaves = (0, terms // 2, terms - 1)
    return (
        expected is not None
        and measured_depth(reduction, terms, dtype=dtype, leaves=leaves) <= expected
    )


def _as_laid_out(
    dtype: torch.dtype, kind: Kind, terms: int
) -> tuple[Reduction, tuple[Tensor, int | None]]:
    """Make a sum whose terms lie as `kind` says, and give the tensor and dimension it sums over."""
    if kind == "contiguous":
        return torch.sum, (torch.empty(terms, dtype=dtype, device="cpu"), None)
    width = 2 if kind == "strided" else 41  # 41: vectors of every width, and columns left over
    memory = torch.empty(terms, width, dtype=dtype, device="cpu")
    if kind == "strided":
        return lambda x: memory[:, 0].copy_(x).sum(), (memory[:, 0], None)

    def last_of_columns(x: Tensor) -> Tensor:
        sums = memory.copy_(x[:, None]).sum(0)
        return sums[-1]

    return last_of_columns, (memory, 0)
