"""Bounds for reductions of one tensor: sums, means and products.

Owns their formulas. Knows gamma and the formats; may not know computed results.
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
    roundings = max(n - 1, 0)
    size = _sum(exact_values(x).abs(), dim)
    limit, ending = _rounded_once_more(gamma(roundings, fmt), size, fmt, result)
    name = f"gamma_{roundings} * sum|x|{ending}"
    return Bound(outward(limit, n), name, f"{HIGHAM}, section 4.2")


@undisturbed()
def mean_bound(
    x: Tensor, fmt: Name, dim: int | tuple[int, ...] | None = None, *, result: Name | None = None
) -> Bound:
    """Bound a mean over `dim` (None: all) in `fmt`: gamma_(n+1) mean|x|.

    n - 1 additions, then a division by n or a multiplication by a rounded 1/n: two more roundings
    at most. `result` as for `sum_bound`. ValueError where there is nothing to average.
    """
    n = _reduced(x, dim)
    if n == 0:
        raise ValueError("a mean needs at least one element, got 0")
    size = _sum(exact_values(x).abs(), dim) / n
    limit, ending = _rounded_once_more(gamma(n + 1, fmt), size, fmt, result)
    limit = limit + format_of(fmt).smallest_subnormal
    name = f"gamma_{n + 1} * mean|x|{ending}"
    return Bound(outward(limit, n + 1), name, f"{HIGHAM}, section 4.2")


def _rounded_once_more(
    relative: float, size: Tensor, fmt: Name, result: Name | None
) -> tuple[Tensor, str]:
    """Give the limit after a last rounding to `result`, and what that adds to the name."""
    if result is None or format_of(result) == format_of(fmt):
        return relative * size, ""
    last = format_of(result)
    relative = math.expm1(math.log1p(relative) + math.log1p(last.unit_roundoff))
    return relative * size + last.smallest_subnormal, f", {last.name} result"


@undisturbed()
def product_bound(x: Tensor, fmt: Name, dim: int | None = None) -> Bound:
    """Bound a product over `dim` (None: all) in any order: gamma_(n-1) prod|x|, no underflow."""
    n = _reduced(x, dim)
    roundings = max(n - 1, 0)
    size = exact_values(x).abs()
    limit = gamma(roundings, fmt) * (size.prod() if dim is None else size.prod(dim))
    return Bound(outward(limit, n), f"gamma_{roundings} * prod|x|", f"{HIGHAM}, Lemma 3.1")


def _sum(x: Tensor, dim: int | tuple[int, ...] | None) -> Tensor:
    return x.sum() if dim is None else x.sum(dim)


def _reduced(x: Tensor, dim: int | tuple[int, ...] | None) -> int:
    """Count the elements that one result is made of."""
    if dim is None:
        return x.numel()
    return math.prod(x.shape[one] for one in ((dim,) if isinstance(dim, int) else dim))
