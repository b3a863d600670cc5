"""Sums that round nothing: whole numbers, counts and masks.

Owns the step of the grid on which a tensor's values lie. Knows the formats.
"""

import math

import torch
from torch import Tensor

from workbook.bounds.gamma import Name
from workbook.floats import format_of

_SAMPLE = 256


def rounds_nothing(size: Tensor, fmt: Name, *factors: Tensor) -> bool:
    """Say whether every sum of products of `factors`, in any order, is exact in the format.

    `size` holds the sums of the products' sizes; both are float64. Where all products are multiples
    of one step, every partial sum is too, and a format holds such a number up to 2**digits steps.

    >>> size = torch.tensor(2.0**24).double()
    >>> rounds_nothing(size, "float32", size), rounds_nothing(size, "float32", size / 2 + 0.5)
    (True, False)
    """
    most, fmt = float(size.max()) if size.numel() else 0.0, format_of(fmt)
    for sample in (_SAMPLE, None):  # most tensors show in a few elements that they are no such case
        step = math.prod(_step(factor.reshape(-1)[:sample]) for factor in factors)
        if most and not (
            most <= min(2.0 ** (fmt.fraction_bits + 1) * step, fmt.largest)
            and step >= fmt.smallest_subnormal
        ):
            return False
    return True


def _step(values: Tensor) -> float:
    """Give the largest power of two that divides every value; 0.0 if some value is not finite."""
    values = values[values != 0]
    if not values.numel():
        return math.inf
    if not values.isfinite().all():
        return 0.0
    fraction, exponent = torch.frexp(values)
    whole = (fraction.abs() * 2.0**53).long()
    lowest = torch.frexp((whole & -whole).double()).exponent + exponent - 54
    return math.ldexp(1.0, int(lowest.min()))
