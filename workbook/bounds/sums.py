"""Bounds for sums and means of one tensor.

Owns their formulas. Knows growth, depths and the formats; may not know computed results.
"""

import math
from typing import Literal

import torch
from torch import Tensor
from torch._C import _len_torch_dispatch_stack

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.bound import Bound, Limit, exact_values, outward, real_numbers
from workbook.bounds.depth import Dim, sum_depth, sum_kind, summed
from workbook.bounds.drift import HOEFFDING, drift
from workbook.bounds.gamma import CONNOLLY, JEANNEROD_RUMP, Name, certain, gamma, likely
from workbook.bounds.grid import rounds_nothing
from workbook.bounds.probe import as_expected
from workbook.floats import format_of

Depth = int | Literal["torch", "any"]
SOURCE = f"{JEANNEROD_RUMP}; likely limit: {CONNOLLY}"


def sum_bound(
    x: Tensor, fmt: Name, dim: Dim = None, *, depth: Depth = "torch", result: Name | None = None
) -> Bound:
    """Bound a sum over `dim` (None: all), added up in `fmt`: depth * u * sum|x|.

    `depth` counts the roundings on the longest way of a term. "torch" is that of `x.sum(dim)` on a
    CPU for this tensor as it lies in memory; "any" is n - 1 and covers every order (a loop, a
    kernel whose order nobody knows); a whole number is what you know, or `measured_depth` measured.
    Where torch's order is not known either, on a GPU for one, n - 1 is taken and the name says so.

    With `result` the sum is rounded to that format at the end, as torch does with 16-bit tensors,
    which it adds up in float32: u of that format times the size of the sum more. Adding never
    underflows inexactly, so there is no term for it; rounding to `result` may. Where every partial
    sum is a number of the format (counts, masks, small whole numbers) the limit is 0.
    ValueError for a depth below 1 and for a dimension that x does not have.

    >>> import torch
    >>> sum_bound(torch.rand(1000), "float32", depth="any").name
    'depth 999 (any order) * u * sum|x|'
    >>> sum_bound(torch.ones(1000), "float32").greatest
    0.0
    """
    real_numbers(x)
    return _sum(x, fmt, dim, known_depth(x, fmt, dim, depth), result)[0]


def mean_bound(
    x: Tensor, fmt: Name, dim: Dim = None, *, depth: Depth = "torch", result: Name | None = None
) -> Bound:
    """Bound a mean over `dim`: a sum, bounded as by `sum_bound`, and a division by its length.

    With `result` the sum may be rounded to that format before it is divided, too.

    >>> mean_bound(torch.full((1000,), 0.1), "float32").greatest < 1e-4
    True
    """
    real_numbers(x)
    whole, size = _sum(x, fmt, dim, known_depth(x, fmt, dim, depth), result)
    terms = max(whole.terms, 1)
    if terms == 1:
        return whole
    with undisturbed():
        last = format_of(fmt if result is None else result)
        limits = [
            outward((limit + gamma(1, last) * (size + limit)) / terms + last.smallest_subnormal, 8)
            for limit in (whole.limit, whole.probable)
        ]
        scale = None if whole.scale is None else whole.scale / terms
    return Bound(limits[0], f"({whole.name}) / n", whole.source, limits[1], scale, terms)


def known_depth(x: Tensor, fmt: Name, dim: Dim, depth: Depth) -> tuple[int, str]:
    """Give the depth of a sum and, in words, where it is known from."""
    most = max(math.prod(x.shape[place] for place in summed(x, dim)) - 1, 0)
    if isinstance(depth, int) and not isinstance(depth, bool) and depth >= 1:
        return min(depth, most), "as given"
    if depth not in ("torch", "any") or isinstance(depth, int):
        raise ValueError(f'depth must be a whole number from 1, "torch" or "any", got {depth!r}')
    if depth == "any":
        return most, "any order"
    if _len_torch_dispatch_stack():  # an imitated device, a trace: who adds is not known
        return most, "any order: inside a dispatch mode"
    if format_of(fmt).dtype == torch.float64 != x.dtype:
        return most, "any order: a converted copy is added up"
    kind, deepest = sum_kind(x, dim), sum_depth(x, dim)
    if kind is None or deepest is None:
        return most, "any order: torch's is not known here"
    if not as_expected(x.dtype, kind):
        return most, "any order: this torch adds in another one than expected"
    return deepest, "torch's blocks"


@undisturbed()
def _sum(
    x: Tensor, fmt: Name, dim: Dim, known: tuple[int, str], result: Name | None
) -> tuple[Bound, Limit]:
    """Bound a sum, and give the size of the exact one, for roundings that follow."""
    values = exact_values(x)
    places = summed(x, dim)
    terms = math.prod(x.shape[place] for place in places)
    scale = values.abs().sum(places) if places else values.abs()
    size = (values.sum(places) if places else values).abs() + gamma(terms, "float64") * scale
    last = None if result is None or format_of(result) == format_of(fmt) else format_of(result)
    depth, how = known
    name = f"depth {depth} ({how}) * u * sum|x|"
    relative = (
        certain(depth, fmt, terms=terms),
        likely(depth, fmt, terms=terms, results=scale.numel()),
    )
    if rounds_nothing(scale, fmt, values):
        name, relative = "sums without rounding", (0.0, 0.0)
    limits, source = [outward(limit * scale, terms) for limit in relative], SOURCE
    if relative[1] < relative[0] and depth == terms - 1:
        most = relative[0] * scale
        pulled = torch.minimum(most, relative[1] * scale + drift(values, places, scale, fmt))
        limits[1], source = outward(pulled, terms), f"{SOURCE}; {HOEFFDING}"
    if last is not None:
        name = f"{name}, {last.name} result"
        if not rounds_nothing(scale, last, values):
            limits = [
                outward(limit + gamma(1, last) * (size + limit) + last.smallest_subnormal, 4)
                for limit in limits
            ]
    return Bound(limits[0], name, source, limits[1], scale, terms), size
