"""Bounds for one operation on each element, and for chains of steps.

Owns their formulas and the rule by which errors pass from step to step.
"""

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


@undisturbed()
def chain_bound(*steps: tuple[float, Bound]) -> Bound:
    """Bound a chain of steps, each given as (gain, bound of its own rounding).

    The gain is the step's Lipschitz constant: what an error before it is at most multiplied by.
    Error after a step = gain * error before + the step's own bound; the first gain meets no error.
    Limits and gains must be in one norm: per element where steps act on each element alone,
    otherwise the greatest element (`Bound.greatest`) and gains of the maximum norm, such as the
    largest row sum of |W|. (Higham, section 3.8, does so for products of matrices.)

    >>> step = Bound(1e-7, "step", "given")
    >>> chain_bound((1.0, step), (2.0, step)).limit >= 3e-7
    True
    """
    if not steps:
        raise ValueError("a chain needs at least one step, got 0")
    limit: Tensor | float = 0.0
    for gain, step in steps:
        if gain < 0:
            raise ValueError(f"a gain must not be negative, got {gain}")
        limit = outward(gain * limit + step.limit, 2)
    names = list(dict.fromkeys(step.name for _, step in steps))
    sources = list(dict.fromkeys(step.source for _, step in steps))
    return Bound(limit, f"chain of {len(steps)}: {', '.join(names)}", "; ".join(sources))
