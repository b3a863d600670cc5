"""Bounds for reductions of one tensor: sums, means and products.

Owns their formulas. Knows gamma and the formats; may not know computed results.
"""

from __future__ import annotations

import math

from torch import Tensor

from workbook.bounds.bound import HIGHAM, Bound, exact_values, outward
from workbook.bounds.gamma import Name, gamma
from workbook.floats import format_of


def sum_bound(x: Tensor, fmt: Name, dim: int | tuple[int, ...] | None = None) -> Bound:
    """Bound a sum over `dim` (None: all), added up in `fmt` in any order: gamma_(n-1) sum|x|.

    Adding never underflows inexactly, so there is no term for it. (Higham, section 4.2.)

    >>> sum_bound(torch.ones(3), "float32").limit >= 3 * gamma(2, "float32")
    tensor(True)
    """
    n = _reduced(x, dim)
    roundings = max(n - 1, 0)
    limit = gamma(roundings, fmt) * _sum(exact_values(x).abs(), dim)
    name = f"gamma_{roundings} * sum|x|"
    return Bound(outward(limit, n), name, f"{HIGHAM}, section 4.2")


def mean_bound(x: Tensor, fmt: Name, dim: int | tuple[int, ...] | None = None) -> Bound:
    """Bound a mean over `dim` (None: all) in `fmt`: gamma_(n+1) mean|x|.

    n - 1 additions, then a division by n or a multiplication by a rounded 1/n: two more roundings
    at most. ValueError where there is nothing to average.
    """
    n = _reduced(x, dim)
    if n == 0:
        raise ValueError("a mean needs at least one element, got 0")
    limit = gamma(n + 1, fmt) * (_sum(exact_values(x).abs(), dim) / n)
    limit = limit + format_of(fmt).smallest_subnormal
    return Bound(outward(limit, n + 1), f"gamma_{n + 1} * mean|x|", f"{HIGHAM}, section 4.2")


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
