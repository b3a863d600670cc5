"""How far apart two tensors are in bits: positions on the number line, ULPs, equality.

Owns the mapping from bit patterns to positions and what is counted on it. Knows the formats; has
no opinion on whether a distance is an error.
"""

import torch
from torch import Tensor

from workbook.floats.formats import Format, format_of
from workbook.floats.rounding import round_to

FARTHEST = 2**63 - 1
"""The distance that stands for no number of steps: a NaN against a number."""

_PATTERNS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def bits(tensor: Tensor) -> Tensor:
    """View the bit patterns as signed integers of the same width.

    The shape stays, but complex numbers become a last dimension of 2. Any dtype of 1, 2, 4 or 8
    bytes.

    >>> hex(int(bits(torch.tensor(1.0))))
    '0x3f800000'
    """
    plain = tensor.detach().resolve_conj().resolve_neg()
    if plain.is_complex():
        plain = torch.view_as_real(plain)
    return plain.view(_PATTERNS[plain.element_size()])


def ordered(tensor: Tensor, fmt: Format | str | torch.dtype | None = None) -> Tensor:
    """Give each element's number when the values of its format are counted along their line.

    int64 for float64, int32 for every narrower dtype; the shape stays. Both zeros are 0, the
    smallest positive value is 1, its negative is -1, and one step to the next value is always 1.
    Infinity is one step beyond the largest value. A NaN lies beyond `top` of its format, on the
    side of its sign. With `fmt`, float32 or float64 values are rounded to that format and
    numbered on its line. Raises ValueError for a dtype that is no format.

    >>> ordered(torch.tensor([-0.0, 1e-45, float("inf")])).tolist()
    [0, 1, 2139095040]
    """
    if fmt is not None:
        return _ordered_in(tensor, format_of(fmt))
    wide = format_of(tensor.dtype).bits
    pattern = bits(tensor)
    if wide < 32:
        pattern = pattern.to(torch.int32)
    width = 63 if wide == 64 else 31
    below = pattern >> width  # -1 where the sign bit is set, 0 elsewhere
    flips = below & (1 << wide - 1) - 1
    # Sign and magnitude become one signed number: -0 and +0 meet, negatives run downwards. The
    # sign of an 8-bit or 16-bit pattern was carried to the left, so only the magnitude flips.
    return flips.bitwise_xor_(pattern).sub_(below)


def _ordered_in(tensor: Tensor, fmt: Format) -> Tensor:
    rounded = round_to(tensor, fmt)
    if fmt.dtype is not None:
        return ordered(rounded.to(fmt.dtype))
    dropped = 23 - fmt.fraction_bits  # tf32 is float32 with the lowest bits of the fraction zero
    return ordered(rounded.to(torch.float32)) >> dropped


def ulp_distance(a: Tensor, b: Tensor, fmt: Format | str | torch.dtype | None = None) -> Tensor:
    """Count the steps between two tensors, element by element, from one value to the next.

    `a`, `b`: the same shape and floating dtype; the result is int64 of that shape. The two zeros
    are 0 apart, a way across zero counts every value on it, infinity is one step beyond the
    largest value. NaN against NaN is 0, NaN against a number is `FARTHEST`, 2**63 - 1. So are
    distances too long for int64: float64 values of opposite sign, 2 and -2 and beyond. With
    `fmt`, float32 or float64 values are first rounded to that format (tf32, say) and the steps
    are its steps. Raises ValueError for different shapes or dtypes and for a dtype without ULPs.

    >>> ulp_distance(torch.tensor([1.0, -0.0]), torch.tensor([1.0000001, 0.0])).tolist()
    [1, 0]
    """
    if a.shape != b.shape:
        raise ValueError(f"both shapes must be the same, got {tuple(a.shape)} and {tuple(b.shape)}")
    if a.dtype != b.dtype:
        raise ValueError(f"both dtypes must be the same, got {a.dtype} and {b.dtype}")
    line = format_of(a.dtype if fmt is None else fmt)
    first, second = ordered(a, fmt).to(torch.int64), ordered(b, fmt).to(torch.int64)
    if line.bits == 64:
        # Away from zero on both sides the sum can pass int64: it wraps to a negative number.
        across = (first < 0) != (second < 0)
        steps = torch.where(across, first.abs() + second.abs(), (first - second).abs())
        steps.masked_fill_(steps < 0, FARTHEST)
    else:
        steps = (first - second).abs_()
    nan_first, nan_second = first.abs() > line.top, second.abs() > line.top
    steps.masked_fill_(nan_first | nan_second, FARTHEST)
    return steps.masked_fill_(nan_first & nan_second, 0)


def bits_equal(a: Tensor, b: Tensor) -> bool:
    """Say whether two tensors have the same shape, the same dtype and the same bits.

    Any dtype. -0.0 is not 0.0 here, and NaN equals NaN when the patterns agree. Where the devices
    differ, both are compared on the CPU.

    >>> bits_equal(torch.tensor([0.0]), torch.tensor([-0.0]))
    False
    """
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.device != b.device:
        a, b = a.cpu(), b.cpu()
    return torch.equal(bits(a), bits(b))
