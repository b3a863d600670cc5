"""Bounds for dot products and matmul, with inputs and results in other formats too.

Owns their formulas. Knows gamma and the formats; may not know computed results.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.bound import HIGHAM, Bound, exact_values, outward
from workbook.bounds.gamma import HIGHAM_MARY, Name, gamma, gamma_probabilistic
from workbook.floats import format_of

BLOCK_FMA = (
    "Blanchard et al., Mixed precision block fused multiply-add, SIAM J. Sci. Comput. 42(3) (2020)"
)


def dot_bound(a: Tensor, b: Tensor, fmt: Name, *, result: Name | None = None) -> Bound:
    """Bound a dot product of two vectors of length n in `fmt`, in any order: gamma_n |a||b|.

    `result` as for `matmul_bound`. (Higham, section 3.1.)
    """
    if a.dim() != 1 or a.shape != b.shape:
        raise ValueError(
            f"a and b must be vectors of one length, got {tuple(a.shape)} and {tuple(b.shape)}"
        )
    return matmul_bound(a, b, fmt, result=result)


@undisturbed()
def matmul_bound(
    a: Tensor,
    b: Tensor,
    fmt: Name,
    *,
    inputs: Name | None = None,
    result: Name | None = None,
    probabilistic: bool = False,
    confidence: float = 0.99,
) -> Bound:
    """Bound `a @ b`, multiplied and added up in `fmt`, in any order: gamma_n |a| |b|.

    n is the length of the inner dimension. With `inputs` both operands are first rounded to that
    format (tf32, bfloat16): (1 + u)^2 (1 + gamma_n) - 1, so 2 u + u^2 and gamma_n, replaces
    gamma_n. With `result` the sum is rounded to it at the end: one more factor 1 + u. Each may add
    subnormals of its own. `probabilistic` takes `gamma_probabilistic` for every element together,
    at `confidence`. Tensor cores truncate some of their sums (Fasi et al., Numerical behavior of
    NVIDIA tensor cores, PeerJ Comput. Sci. 7:e330, 2021): for them the bound is a yardstick, not
    proven. (Higham, section 3.5; with `inputs`: Blanchard et al., Mixed precision block fused
    multiply-add, SIAM J. Sci. Comput. 42(3), 2020.)

    >>> one = torch.ones(1, 1)
    >>> bool(matmul_bound(one, one, "float32", inputs="tf32").limit > 2 * 2**-11)
    True
    """
    n = a.shape[-1] if a.dim() else 0
    size_a, size_b = exact_values(a).abs(), exact_values(b).abs()
    product = size_a @ size_b
    if probabilistic:
        once = gamma_probabilistic(n, fmt, confidence, results=product.numel())
        name, source = f"probabilistic gamma_{n}", f"{HIGHAM_MARY}, at {confidence:.4%}"
    else:
        once, name, source = gamma(n, fmt), f"gamma_{n}", f"{HIGHAM}, section 3.5"
    underflow: Tensor | float = n * format_of(fmt).smallest_subnormal
    growth = math.log1p(once)
    if inputs is not None:
        rounded = format_of(inputs)
        growth += 2 * math.log1p(rounded.unit_roundoff)
        tiny = rounded.smallest_subnormal
        others = size_a @ torch.ones_like(size_b) + torch.ones_like(size_a) @ size_b
        underflow = underflow + tiny * (others + n * tiny)
        name, source = f"{rounded.name} inputs, {name}", f"{source}; {BLOCK_FMA}"
    if result is not None and format_of(result) != format_of(fmt):
        growth += math.log1p(format_of(result).unit_roundoff)
        underflow = underflow + format_of(result).smallest_subnormal
        name = f"{name}, {format_of(result).name} result"
    relative = math.expm1(growth)
    limit = relative * product + (1 + relative) * underflow
    name = f"({name}) * |A||B|" if ", " in name else f"{name} * |A||B|"
    return Bound(outward(limit, 2 * n + 16), name, source)
