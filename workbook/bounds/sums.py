"""Bounds for sums of one tensor.

Owns their formula. Knows gamma and the formats; may not know computed results.
"""

from __future__ import annotations

import math

from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.bound import HIGHAM, Bound, exact_values, outward
from workbook.bounds.gamma import Name, gamma
from workbook.floats import format_of


@undisturbed()
def sum_bound(
    x: Tensor, fmt: Name, dim: int | tuple[int, ...] | None = None, *, result: Name | None = None
) -> Bound:
    """Bound a sum over `dim` (None: all), added up in `fmt` in any order: gamma_(n-1) sum|x|.

    With `result` the sum is rounded to that format at the end, as torch does with 16-bit tensors,
    which it adds up in float32: one factor 1 + u more. Adding never underflows inexactly, so there
    is no term for it, rounding to `result` may. ValueError where n - 1 roundings of `fmt` have no
    bound. (Higham, section 4.2.)

    >>> import torch
    >>> sum_bound(torch.ones(3), "float32").limit >= 3 * gamma(2, "float32")
    tensor(True)
    """
    n = _reduced(x, dim)
    relative, underflow, ending = gamma(max(n - 1, 0), fmt), 0.0, ""
    if result is not None and format_of(result) != format_of(fmt):
        last = format_of(result)
        relative = math.expm1(math.log1p(relative) + math.log1p(last.unit_roundoff))
        underflow, ending = last.smallest_subnormal, f", {last.name} result"
    size = exact_values(x).abs()
    limit = relative * (size.sum() if dim is None else size.sum(dim)) + underflow
    name = f"gamma_{max(n - 1, 0)} * sum|x|{ending}"
    return Bound(outward(limit, n), name, f"{HIGHAM}, section 4.2")


def _reduced(x: Tensor, dim: int | tuple[int, ...] | None) -> int:
    """Count the elements that one result is made of."""
    if dim is None:
        return x.numel()
    return math.prod(x.shape[one] for one in ((dim,) if isinstance(dim, int) else dim))
