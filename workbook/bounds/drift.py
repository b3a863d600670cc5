"""How far a running total's roundings pull one way, read from the terms.

Owns the drift of a sum that one total collects. Knows the formats; may not know computed results.
"""

import math

import torch
from torch import Tensor

from workbook.bounds.gamma import Name
from workbook.floats import format_of

HOEFFDING = (
    "drift of a running total: Hoeffding, Probability inequalities for sums of bounded random "
    "variables, J. Am. Stat. Assoc. 58 (1963), section 6 (samples without replacement)"
)


def drift(values: Tensor, places: tuple[int, ...], scale: Tensor, fmt: Name) -> Tensor:
    """Bound what the roundings of a running total add up to because they pull one way.

    Between two powers of two the total is a multiple of their spacing s. So what an addition rounds
    off depends on its term x and on nothing else: r(x) = x rounded to a multiple of s, less x. Over
    k of the n terms these add up to k / n of D(s), the sum of r(x) over all terms, if the terms are
    equal, or if these k are like any other k: a sample without replacement, which leaves that share
    by more than lambda s/2 sqrt(k) as rarely as independent draws do (Hoeffding 1963, section 6).
    The parts of all spacings make one whole, so together they drift at most by the greatest |D(s)|.
    s halves from part to part, going back, so what the parts leave their shares by adds up to at
    most sqrt(4/3) of the likely limit (Cauchy and Schwarz). Two things are taken for granted: that
    the order of the terms does not know r, and that a part which ends where the total passes a
    power of two is such a sample. An order by size breaks the first.

    Numbers without a pattern have a D near 0. Equal terms, few different ones, and terms too small
    for a total that has grown do not.

    `values` in float64, summed over `places`; `scale` is the sum of their sizes. Half the spacing
    moves half as much over half as many terms: spacings are followed down to where that is less
    than one rounding.
    """
    whole = scale.reshape([1 if p in places else n for p, n in enumerate(values.shape)])
    spacing = format_of(fmt).unit_roundoff * torch.exp2(torch.frexp(whole).exponent.double())
    spacing.clamp_(min=format_of(fmt).smallest_subnormal)
    terms = math.prod(values.shape[place] for place in places)
    greatest, rest = torch.zeros_like(scale), torch.empty_like(values)
    for _ in range(2 + math.ceil(math.log(max(terms, 2), 4))):
        torch.div(values, spacing, out=rest).round_().mul_(spacing).sub_(values)
        greatest = torch.maximum(greatest, rest.sum(places).abs())
        spacing = (spacing / 2).clamp_(min=format_of(fmt).smallest_subnormal)
    return greatest
