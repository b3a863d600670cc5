"""How much relative error roundings can build up: for certain, and with a stated probability.

Owns the growth of roundings in both forms. Knows the formats and nothing about tensors.
"""

import math

import torch

from workbook.floats import Format, format_of

Name = Format | str | torch.dtype

JEANNEROD_RUMP = (
    "Jeannerod and Rump, On relative errors of floating-point operations: optimal bounds and "
    "applications, Math. Comp. 87 (2018), Theorem 4.1"
)
CONNOLLY = (
    "Connolly, Higham, Mary, Stochastic rounding and its probabilistic backward error analysis, "
    "SIAM J. Sci. Comput. 43(1) (2021)"
)
RISK = 1e-9
"""How often one comparison may exceed a likely limit by chance; chosen once, never tuned."""


def gamma(n: int, fmt: Name) -> float:
    """Bound the relative error that n roundings can build up: (1 - u)**-n - 1, about n u.

    If |d_i| <= u, then (1 + d_1)...(1 + d_n) = 1 + t with |t| at most this, also where factors
    divide, and for every n. Where n u < 1 it is less than n u / (1 - n u), the gamma_n of Higham's
    Accuracy and Stability of Numerical Algorithms. ValueError if n is negative.

    >>> gamma(1, "float32") > 2**-24
    True
    """
    u = format_of(fmt).unit_roundoff
    return math.expm1(min(-_roundings(n) * math.log1p(-u), 700.0))


def certain(depth: int, fmt: Name, *, terms: int | None = None) -> float:
    """Bound |computed sum - sum| / sum of sizes, where a term goes through `depth` roundings.

    Each term arrives with a factor (1 + d_1)...(1 + d_depth), so (1 + u)**depth - 1. In any order
    of the additions (terms - 1) u / (1 + u) holds as well, whatever the number of terms (Jeannerod
    and Rump 2018, Theorem 4.1); with `terms` the smaller is returned.

    >>> certain(10**6, "bfloat16", terms=10**6) < 2**-8 * 10**6
    True
    """
    u = format_of(fmt).unit_roundoff
    tree = math.expm1(min(_roundings(depth) * math.log1p(u), 700.0))
    return tree if terms is None else min(tree, max(terms - 1, 0) * u / (1 + u))


def likely(depth: int, fmt: Name, *, terms: int | None = None, results: int = 1) -> float:
    """Bound the ratio of `certain` but for RISK: by `certain` or lambda sqrt(depth) u, the smaller.

    The model: the roundings at one distance from the result, given all roundings farther from it,
    are zero on average. Their sums over the levels are then a martingale whose steps are at most
    u (1 + u)**depth times the sum of sizes, so by the inequality of Azuma and Hoeffding none of
    `results` errors exceeds lambda sqrt(depth) times that, lambda = sqrt(2 ln(2 results / RISK)),
    but in fewer than one of 10**9 comparisons. It holds for the difference of two results and the
    sum of their limits too: level by level the steps add up. (The model is that of Connolly,
    Higham and Mary 2021.) Roundings are not random: equal terms that one running total collects
    are rounded one way again and again, and go further than this; `sum_bound` adds their drift.

    >>> likely(43, "float32") < certain(43, "float32"), likely(9, "float32") < certain(9, "float32")
    (True, False)
    """
    u = format_of(fmt).unit_roundoff
    sure = certain(depth, fmt, terms=terms)
    spread = chance(results) * math.sqrt(depth) * u
    return min(sure, spread * (1 + certain(depth, fmt)))


def chance(results: int = 1) -> float:
    """Give lambda: how many root-sum-squares a martingale stays within, but for RISK."""
    return math.sqrt(2 * math.log(2 * max(results, 1) / RISK))


def _roundings(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValueError(f"the number of roundings must be a whole number from 0, got {n!r}")
    return n
