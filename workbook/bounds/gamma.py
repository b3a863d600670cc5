"""How much relative error n roundings can build up: for certain, or with a probability.

Owns gamma in both forms. Knows the formats and nothing about tensors.
"""

import math

import torch

from workbook.floats import Format, format_of

Name = Format | str | torch.dtype

HIGHAM_MARY = (
    "Higham and Mary, A new approach to probabilistic rounding error analysis, "
    "SIAM J. Sci. Comput. 41(5) (2019)"
)


def gamma(n: int, fmt: Name) -> float:
    """Bound the relative error that n roundings can build up: n u / (1 - n u).

    If |d_i| <= u, then (1 + d_1)...(1 + d_n) = 1 + t with |t| <= gamma(n), also where factors
    divide. ValueError if n is negative or n u >= 1: then nothing is known. (Lemma 3.1 of Higham.)

    >>> gamma(1, "float32") > 2**-24
    True
    """
    fmt = format_of(fmt)
    worst = _roundings(n) * fmt.unit_roundoff
    if worst >= 1:
        most = round(1 / fmt.unit_roundoff) - 1
        raise ValueError(f"{fmt.name} has a bound for at most {most} roundings, got {n}")
    return worst / (1 - worst)


def gamma_probabilistic(n: int, fmt: Name, confidence: float = 0.99, *, results: int = 1) -> float:
    """Bound the same error with a probability: exp(c sqrt(n) u + n u^2 / (1 - u)) - 1.

    The model: the roundings are independent random variables of mean zero. Then one product of n
    factors stays within this with probability at least 1 - 2 exp(-c^2 (1 - u)^2 / 2), and an inner
    product of n terms, or each of `results` of them, with at least `confidence` =
    1 - 2 results n exp(-c^2 (1 - u)^2 / 2), which gives c here. Rounding is not random: data whose
    roundings all go one way (a long sum of equal terms) break the model and can break the bound.
    ValueError for a confidence outside of 0 to 1, both excluded. (Higham and Mary 2019.)

    >>> gamma_probabilistic(10**6, "float32") < gamma(10**6, "float32") / 50
    True
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    u = format_of(fmt).unit_roundoff
    factors = _roundings(n) * max(results, 1)
    if factors == 0:
        return 0.0
    c = math.sqrt(2 * math.log(2 * factors / (1 - confidence))) / (1 - u)
    return math.expm1(c * math.sqrt(n) * u + n * u * u / (1 - u))


def _roundings(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValueError(f"the number of roundings must be a whole number from 0, got {n!r}")
    return n
