"""The operators that the imitated accelerator computes: what each takes and gives.

Owns the table from torch's operator names to float32 arithmetic. An entry returns None for a call
that is not imitated, whether because of its dtype or because it is ill-formed: torch computes it,
or refuses it in its own words. Knows nothing of the mode that asks.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor

from workbook.simulated.products import matmul
from workbook.simulated.reduction import Reduction, total

_COMPUTED = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _imitated(*tensors: Tensor) -> bool:
    """Say whether all are dense CPU tensors of one floating dtype."""
    first = tensors[0]
    return first.dtype in _COMPUTED and all(
        tensor.device.type == "cpu"
        and tensor.layout is torch.strided
        and tensor.dtype == first.dtype
        for tensor in tensors
    )


def _float32_product(dims: tuple[int, int], how: Reduction, a: Tensor, b: Tensor) -> Tensor | None:
    """Multiply two operands with `dims` dimensions in float32."""
    if not _imitated(a, b) or (a.dim(), b.dim()) != dims:
        return None
    left, right = a.to(torch.float32), b.to(torch.float32)
    left = left[(None,) * (3 - a.dim())]
    right = right[None, :, None] if b.dim() == 1 else right[(None,) * (3 - b.dim())]
    if left.shape[2] != right.shape[1] or left.shape[0] != right.shape[0]:
        return None
    return matmul(left, right, how).reshape(a.shape[:-1] + b.shape[max(1, b.dim() - 1) :])


def _product(dims: tuple[int, int], how: Reduction, a: Tensor, b: Tensor) -> Tensor | None:
    """Compute mm, bmm, mv, dot and vdot."""
    result = _float32_product(dims, how, a, b)
    return None if result is None else result.to(a.dtype)


def _plus_product(
    dims: tuple[int, int],
    in_place: bool,
    how: Reduction,
    addend: Tensor,
    a: Tensor,
    b: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Tensor | None:
    """Compute addmm, baddbmm and addmv: the addend is added to the finished product.

    With `in_place`, the addend then becomes the result: addmm_, baddbmm_ and addmv_.
    """
    result = _float32_product(dims, how, a, b) if _imitated(addend, a) else None
    if result is None:
        return None
    if alpha != 1:
        result = result * alpha
    if beta != 0:  # with 0 the addend is not read, so that its NaN does not count
        scaled = addend.to(torch.float32).expand(result.shape)
        result = result + (scaled if beta == 1 else scaled * beta)
    return addend.copy_(result) if in_place else result.to(a.dtype)


def _reduced(
    mean: bool,
    how: Reduction,
    values: Tensor,
    dim: list[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor | None:
    """Compute sum, and mean as the sum divided by the count, over all or some dimensions."""
    shape, label = values.shape or torch.Size([1]), dtype or values.dtype
    over = sorted(d + len(shape) if d < 0 else d for d in dim or range(len(shape)))
    well_formed = all(0 <= d < len(shape) for d in over) and len(set(over)) == len(over)
    if not well_formed or values.is_complex() or not _imitated(values.to(label)):
        return None
    kept = [d for d in range(len(shape)) if d not in over]
    count = prod(shape[d] for d in over)
    moved = values.to(label).to(torch.float32).resolve_neg().reshape(shape).permute(*over, *kept)
    result = total(moved.reshape(count, *(shape[d] for d in kept)), how)
    if mean:
        result = result / torch.tensor(count, dtype=torch.float32)
    if keepdim:
        result = result.reshape([1 if d in over else n for d, n in enumerate(values.shape)])
    return result.to(label)


OPERATORS: dict[str, Callable[..., Any]] = {
    f"aten.{name}.{overload}": compute
    for compute, name, overloads in (
        (partial(_product, (2, 2)), "mm", ("default", "out")),
        (partial(_product, (3, 3)), "bmm", ("default", "out")),
        (partial(_product, (2, 1)), "mv", ("default", "out")),
        (partial(_product, (1, 1)), "dot", ("default", "out")),
        (partial(_product, (1, 1)), "vdot", ("default", "out")),
        (partial(_plus_product, (2, 2), False), "addmm", ("default", "out")),
        (partial(_plus_product, (3, 3), False), "baddbmm", ("default", "out")),
        (partial(_plus_product, (2, 1), False), "addmv", ("default", "out")),
        (partial(_plus_product, (2, 2), True), "addmm_", ("default",)),
        (partial(_plus_product, (3, 3), True), "baddbmm_", ("default",)),
        (partial(_plus_product, (2, 1), True), "addmv_", ("default",)),
        (partial(_reduced, False), "sum", ("default", "dim_IntList", "out", "IntList_out")),
        (partial(_reduced, True), "mean", ("default", "dim", "out", "dtype_out")),
    )
    for overload in overloads
}
"""What computes each operator, by the operator's name as torch writes it."""
