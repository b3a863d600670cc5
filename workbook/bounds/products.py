"""Bounds for matrix products, with inputs and results in other formats too.

Owns their formulas. Knows growth and the formats; may not know computed results.
"""

import math

import torch
from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.bound import HIGHAM, Bound, Limit, exact_values, outward, real_numbers
from workbook.bounds.gamma import CONNOLLY, Name, certain, chance, gamma, likely
from workbook.bounds.grid import rounds_nothing
from workbook.floats import format_of, round_to

BLOCK_FMA = (
    "Blanchard et al., Mixed precision block fused multiply-add, SIAM J. Sci. Comput. 42(3) (2020)"
)
FASI = "Fasi et al., Numerical behavior of NVIDIA tensor cores, PeerJ Comput. Sci. 7:e330 (2021)"


@undisturbed()
def matmul_bound(
    a: Tensor,
    b: Tensor,
    fmt: Name,
    *,
    inputs: Name | None = None,
    result: Name | None = None,
    tensor_cores: bool = False,
) -> Bound:
    """Bound `a @ b`, multiplied and added up in `fmt`, in any order: n u |A||B|.

    Shapes are those of torch.matmul, two vectors (a dot product) among them. n is the length of the
    inner dimension: n - 1 additions and the rounding of a product, or n fused multiply-adds. With
    `inputs` both operands are first rounded to that format (tf32, bfloat16), to nearest, which
    moves a product by at most 2 u + u^2 of itself. With `result` the sum is rounded to that format
    at the end: u of it times the size of the sum more. Each may add subnormals of its own.
    `tensor_cores` is for hardware that truncates inputs and sums where others round (Fasi et al.
    2021): 2 u replaces u, and no limit is likely, as truncation always pulls one way. Where nothing
    is rounded (masks, counts, small whole numbers) the limit is 0. (Blanchard et al. 2020 give the
    analysis for such units.)

    ValueError for operands that do not fit.

    >>> x = torch.rand(1, 1)
    >>> bool(matmul_bound(x, x, "float32", inputs="tf32").limit > 2 * 2**-11 * x * x)
    True
    """
    n = _inner(a, b)
    x, y = exact_values(a), exact_values(b)
    scale = x.abs() @ y.abs()
    exact = inputs is None or all(
        torch.equal(round_to(operand, inputs), operand) for operand in (x, y)
    )
    exact = exact and rounds_nothing(scale, fmt, x, y)
    name = f"depth {n} (any order) * u * |A||B|"
    if exact:
        limits: list[Limit] = [torch.zeros_like(scale)] * 2
        name = "products and sums without rounding"
    else:
        limits = _rounded_sums(scale, n, fmt, tensor_cores)
        if inputs is not None:
            moved = _rounded_inputs((x, y), scale, inputs, tensor_cores)
            # What is added up are the rounded operands' products.
            larger = 1 + moved[2]
            limits = [limit * larger + extra for limit, extra in zip(limits, moved, strict=False)]
            name = f"{format_of(inputs).name} inputs, {name}"
    if result is not None and format_of(result) != format_of(fmt):
        last = format_of(result)
        name = f"{name}, {last.name} result"
        if not (exact and rounds_nothing(scale, last, x, y)):
            size = (x @ y).abs() + gamma(n, "float64") * scale
            limits = [
                limit + gamma(1, last) * (size + limit) + last.smallest_subnormal
                for limit in limits
            ]
    certain_limit, likely_limit = (outward(limit, 2 * n + 16) for limit in limits)
    if tensor_cores:
        name = f"{name}, truncated: 2 u"
    return Bound(
        certain_limit,
        name,
        _sources(inputs, tensor_cores),
        None if tensor_cores else likely_limit,
        scale,
        n,
        "product",
    )


def _inner(a: Tensor, b: Tensor) -> int:
    """Give the length of the inner dimension of two operands that fit; ValueError for others."""
    real_numbers(a), real_numbers(b)
    if not a.dim() or not b.dim() or a.shape[-1] != b.shape[-2 if b.dim() > 1 else 0]:
        raise ValueError(
            f"a @ b needs one inner length, got shapes {tuple(a.shape)} and {tuple(b.shape)}"
        )
    return a.shape[-1]


def _rounded_sums(scale: Tensor, n: int, fmt: Name, tensor_cores: bool) -> list[Limit]:
    """Give the certain and the likely limit for n roundings of each product on its way."""
    fmt = format_of(fmt)
    sure = certain(n * (2 if tensor_cores else 1), fmt)
    tiny = n * fmt.smallest_subnormal * (1 + sure)
    chances = (sure, min(sure, likely(n, fmt, results=scale.numel())))
    return [relative * scale + tiny for relative in chances]


def _rounded_inputs(
    values: tuple[Tensor, Tensor], scale: Tensor, inputs: Name, tensor_cores: bool
) -> tuple[Limit, Limit, float]:
    """Bound how far rounded operands move the products: for certain, likely, and as a share."""
    fmt = format_of(inputs)
    u = fmt.unit_roundoff * (2 if tensor_cores else 1)
    x, y = values
    tiny = fmt.smallest_subnormal
    ones = x.abs() @ torch.ones_like(y) + torch.ones_like(x) @ y.abs()
    underflow = tiny * (ones + x.shape[-1] * tiny) * (1 + u)
    relative = 2 * u + u * u
    sure = relative * scale + underflow
    # Both operands of a product move it: independently, sqrt(2) u of it, root-sum-square.
    spread = chance(scale.numel()) * math.sqrt(2) * u * (x.square() @ y.square()).sqrt()
    return sure, torch.minimum(sure, spread + u * u * scale + underflow), relative


def _sources(inputs: Name | None, tensor_cores: bool) -> str:
    sources = [f"{HIGHAM}, section 3.5"]
    sources += [BLOCK_FMA] if inputs is not None else []
    return "; ".join([*sources, FASI if tensor_cores else f"likely limit: {CONNOLLY}"])
