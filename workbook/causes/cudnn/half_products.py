"""Half-precision products: flags that allow a narrower sum, and what they cost.

Owns one experiment. The factor is the flag of the row; operands and device stay. The truth is
float64 on the CPU. The flags are CUDA's.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
from torch import Tensor

from workbook.causes.cudnn.arithmetic import MATH
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.series import quiet
from workbook.conditions import Conditions
from workbook.conditions.switches import switched
from workbook.control import Seed
from workbook.experiment import Experiment
from workbook.result import Finding

OFF, ON = ("flag off", "flag on")
SHAPES = ((8, 2**14), (64, 2**14), (128, 2**13), (512, 2**11))  # libraries choose by shape
MATMUL: Any = torch.backends.cuda.matmul
Tensors = tuple[Tensor, ...]


def _math_sdp(allow: bool) -> AbstractContextManager[None]:
    cuda: Any = torch.backends.cuda
    read, write = "fp16_bf16_reduction_math_sdp_allowed", "allow_fp16_bf16_reduction_math_sdp"
    return switched(getattr(cuda, read), getattr(cuda, write), allow)


def _flag(name: str, allow: bool) -> AbstractContextManager[None]:
    return switched(partial(getattr, MATMUL, name), partial(setattr, MATMUL, name), allow)


def _canceling(dtype: torch.dtype) -> list[Tensors]:
    """Make sums whose halves exceed what float16 can hold, although the whole is small."""
    pairs: list[Tensors] = []
    for side, length in SHAPES:
        up = torch.full((side, length // 2), 16.0)
        left = torch.cat([up, -up + 2**-6], 1).to(dtype)
        pairs.append((left, torch.ones(length, side, dtype=dtype)))
    return pairs


def _uniform(dtype: torch.dtype) -> list[Tensors]:
    return [
        (torch.rand(side, length).to(dtype), torch.rand(length, side).to(dtype))
        for side, length in SHAPES
    ]


def _heads(dtype: torch.dtype) -> list[Tensors]:
    return [tuple(torch.rand(2, 4, 256, 64).to(dtype) for _ in range(3))]


HALF, BRAIN = torch.float16, torch.bfloat16
REDUCED, BRAIN_REDUCED, NARROW = (
    "allow_fp16_reduced_precision_reduction",
    "allow_bf16_reduced_precision_reduction",
    "allow_fp16_accumulation",  # from torch 2.7 on
)
Row = tuple[str, Callable[[bool], Any], Callable[[], list[Tensors]], Callable[..., Tensor]]
# By name: the flag, how it is set, the operands, and the operation.
ROWS: dict[str, Row] = {
    "float16, narrow reduction": (
        REDUCED, partial(_flag, REDUCED), partial(_uniform, HALF), torch.matmul),
    "float16, halves overflow": (
        REDUCED, partial(_flag, REDUCED), partial(_canceling, HALF), torch.matmul),
    "bfloat16, narrow reduction": (
        BRAIN_REDUCED, partial(_flag, BRAIN_REDUCED), partial(_uniform, BRAIN), torch.matmul),
    "float16, float16 accumulator": (
        NARROW, partial(_flag, NARROW), partial(_uniform, HALF), torch.matmul),
    "float16 attention, math": (
        "allow_fp16_bf16_reduction_math_sdp", _math_sdp, partial(_heads, HALF), MATH),
}  # fmt: skip


def flip(where: Conditions) -> Finding:
    """Compute each product with its flag off and on, and hold it against float64."""
    errors: dict[str, dict[str, float]] = {}
    defaults: dict[str, str] = {}
    for name, (flag, held, operands, product) in ROWS.items():
        if not _known(flag):
            continue
        defaults[flag] = str(getattr(MATMUL, flag, "set by a call, not read here"))
        drawn = operands()
        truths = [product(*(operand.double() for operand in host)) for host in drawn]
        errors[name] = {}
        for column, allow in ((OFF, False), (ON, True)):
            with quiet(), where, torch.no_grad(), held(allow):
                errors[name][column] = max(
                    _error(where, product, host, exact)
                    for host, exact in zip(drawn, truths, strict=True)
                )
    changed = [name for name, line in errors.items() if line[OFF] != line[ON]]
    reading = f"the flag changes the error of: {', '.join(changed) or 'none'}"
    verdict = "No flag changed an error of these products."
    if changed:
        verdict = "Flags that allow narrower sums change errors of half-precision products."
    values = {"errors": errors, "changed": changed, "defaults": defaults}
    return Finding(verdict, reading, values=values)


def _known(flag: str) -> bool:
    if not flag.endswith("sdp"):
        try:
            getattr(MATMUL, flag)
        except (AttributeError, AssertionError):
            return False
        return True
    return hasattr(torch.backends.cuda, flag)


def _error(
    where: Conditions, product: Callable[..., Tensor], host: Tensors, exact: Tensor
) -> float:
    """Divide the largest error by the largest exact value; infinite where the result is."""
    result = product(*(operand.to(where.torch_device) for operand in host)).cpu()
    if not result.isfinite().all():
        return math.inf
    return float((result.double() - exact).abs().max() / exact.abs().max())


HALF_PRODUCTS = Experiment(
    name="half_products",
    question="What do the flags for narrower sums do to half-precision products?",
    factor="the flag of the row",
    controls=(Seed(), DEVICE),
    measure=flip,
)
