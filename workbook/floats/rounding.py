"""Rounding to a format, and what stands beside a value on the format's line.

Owns the one rounding that every format shares (to nearest, ties to even) and the single-value
questions that need it. Knows the table of formats; nothing about devices, errors or comparisons.
"""

import math
from typing import overload

import torch
from torch import Tensor

from workbook.floats.formats import Fields, Format, Kind, decode, encode, format_of


@overload
def round_to(
    values: float, fmt: Format | str | torch.dtype, *, saturate: bool | None = None
) -> float: ...
@overload
def round_to(
    values: Tensor, fmt: Format | str | torch.dtype, *, saturate: bool | None = None
) -> Tensor: ...
def round_to(
    values: Tensor | float, fmt: Format | str | torch.dtype, *, saturate: bool | None = None
) -> Tensor | float:
    """Round to the nearest value of a format, ties to the even one, in a single rounding.

    `values`: a float, or a float32 or float64 tensor of any shape; the same kind, shape and dtype
    comes back. Zeros keep their sign, NaN stays NaN. `saturate` says where a value goes that
    rounds beyond the largest: True to the largest; False to infinity, or to NaN in a format
    without infinity; None as torch 2.13 casts, True for float8_e4m3fn and False for the others
    (older torch, 2.4.1 for one, makes float8_e4m3fn NaN there: False). Infinity counts as beyond.
    torch's own casts from float64 to 16 bits and less may round twice, by way of float32; this
    does not. Raises TypeError for a tensor of another dtype, ValueError for an unknown format.

    >>> round_to(0.1, "float16")
    0.0999755859375
    """
    fmt = format_of(fmt)
    if not isinstance(values, Tensor):
        rounded = _round(torch.tensor(values, dtype=torch.float64), fmt, saturate)
        return float(rounded.item())
    if values.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"values must be a float32 or float64 tensor, got {values.dtype}")
    return _round(values.detach().double(), fmt, saturate).to(values.dtype)


def _round(values: Tensor, fmt: Format, saturate: bool | None) -> Tensor:
    """Round float64 values: scale the last kept bit to 1, round to a whole number, scale back."""
    rounded = values
    if fmt.bits < 64:
        exponent = (values.view(torch.int64) >> 52 & 0x7FF) - 1023
        quantum = exponent.clamp_(min=1 - fmt.bias) - fmt.fraction_bits
        # Powers of two made from their bits: exact on every CPU, which pow and exp2 are not.
        down = (1023 - quantum << 52).view(torch.float64)
        up = (1023 + quantum << 52).view(torch.float64)
        rounded = torch.round(values * down) * up
    if saturate or (saturate is None and not fmt.has_infinity):
        return rounded.clamp(-fmt.largest, fmt.largest)
    beyond = math.inf if fmt.has_infinity else math.nan
    overflow = torch.full_like(rounded, beyond).copysign(rounded)
    return torch.where(rounded.abs() > fmt.largest, overflow, rounded)


def fields(value: float, fmt: Format | str | torch.dtype) -> Fields:
    """Round a value to a format and take it apart into sign, exponent and fraction.

    >>> fields(0.15625, "float16").bits
    '0011000100000000'
    """
    fmt = format_of(fmt)
    pattern = encode(round_to(value, fmt), fmt)
    sign, magnitude = divmod(pattern, 2 ** (fmt.bits - 1))
    exponent, fraction = divmod(magnitude, 2**fmt.fraction_bits)
    text = f"{pattern:0{fmt.bits}b}"
    return Fields(sign, exponent, fraction, text, decode(pattern, fmt), _kind(magnitude, fmt))


def _kind(magnitude: int, fmt: Format) -> Kind:
    """Name the class of a bit pattern without its sign."""
    if magnitude > fmt.top:
        return "nan"
    if magnitude == fmt.top and fmt.has_infinity:
        return "infinity"
    if magnitude >> fmt.fraction_bits:
        return "normal"
    return "subnormal" if magnitude else "zero"


def next_up(value: float, fmt: Format | str | torch.dtype) -> float:
    """Give the smallest value of a format that is larger than `value`.

    The line ends at infinity, or at the largest value where there is none: from there, the end
    comes back. NaN gives NaN. As math.nextafter does, a step from below onto zero gives -0.0.

    >>> next_up(1.0, "bfloat16")
    1.0078125
    """
    fmt = format_of(fmt)
    nearest = round_to(value, fmt)
    if nearest > value or math.isnan(nearest):
        return nearest
    pattern = encode(nearest, fmt)
    sign, magnitude = divmod(pattern, 2 ** (fmt.bits - 1))
    if magnitude == 0:
        return fmt.smallest_subnormal
    if sign:
        return decode(pattern - 1, fmt)
    return decode(min(magnitude + 1, fmt.top), fmt)


def next_down(value: float, fmt: Format | str | torch.dtype) -> float:
    """Give the largest value of a format that is smaller than `value`; see `next_up`.

    >>> next_down(1.0, "bfloat16")
    0.99609375
    """
    return -next_up(-value, fmt)


def spacing(value: float, fmt: Format | str | torch.dtype) -> float:
    """Give the step between the values of a format at `value`, rounded to it: one ULP.

    It is the step away from zero, as in math.ulp, so at a power of two the larger of the two.
    Infinity gives infinity and NaN gives NaN.

    >>> spacing(1000.0, "float16")
    0.5
    """
    fmt = format_of(fmt)
    size = abs(round_to(value, fmt))
    if not math.isfinite(size):
        return size
    exponent = math.frexp(max(size, fmt.smallest_normal))[1] - 1
    return math.ldexp(1.0, exponent - fmt.fraction_bits)
