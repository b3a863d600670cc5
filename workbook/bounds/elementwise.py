"""The bound for one operation on each element. Knows the formats; may not know computed results."""

from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.bound import HIGHAM, Bound, exact_values, outward
from workbook.bounds.gamma import Name
from workbook.floats import format_of


@undisturbed()
def elementwise_bound(
    exact: Tensor, fmt: Name, *, ulps: float = 0.5, source: str = f"{HIGHAM}, section 2.2"
) -> Bound:
    """Bound one operation on each element that is right to `ulps` units in the last place.

    `exact` holds the exact results, float64 for choice. 0.5 is correct rounding, u |exact|, which
    IEEE 754 asks of + - * / and sqrt, and which hardware mostly gives (torch.sqrt is 1 off on some
    CPUs). Elementary functions promise more: say how many and, in `source`, who says so. A unit is
    at most 2 u |exact|, and never less than the smallest subnormal.

    >>> import torch
    >>> elementwise_bound(torch.tensor([1.0]), "float32", ulps=1, source="SLEEF, u10").name
    '1 ULP'
    """
    if not ulps > 0:
        raise ValueError(f"ulps must be positive, got {ulps}")
    fmt = format_of(fmt)
    size = exact_values(exact).abs()
    unit = 2 * fmt.unit_roundoff * size + fmt.smallest_subnormal
    name = f"{ulps:g} ULP" if ulps <= 1 else f"{ulps:g} ULPs"
    return Bound(outward(ulps * unit, 4), name, source, scale=size, terms=1)
