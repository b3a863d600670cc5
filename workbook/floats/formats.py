"""The floating-point formats: their widths, their limits, and the single values they hold.

Owns the table of formats and everything about one value in one format. Values are Python floats:
float64 holds every value of every format here. Knows nothing about tensors, devices or errors.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch

Kind = Literal["zero", "subnormal", "normal", "infinity", "nan"]


@dataclass(frozen=True)
class Format:
    """A binary floating-point format: one sign bit, then exponent bits, then fraction bits.

    `dtype` is None for a format that torch computes in but never stores (tf32). Lengths are in
    bits, limits are plain values. IEEE 754-2019, section 3.4, gives the encoding; float8_e4m3fn
    keeps one pattern of each sign for NaN and has no infinity (OCP 8-bit Floating Point, 1.0).

    >>> format_of("float16").largest
    65504.0
    """

    name: str
    bits: int
    exponent_bits: int
    fraction_bits: int
    dtype: torch.dtype | None
    has_infinity: bool = True

    @property
    def bias(self) -> int:
        """What is subtracted from the exponent field of a normal number."""
        return (1 << self.exponent_bits - 1) - 1

    @property
    def unit_roundoff(self) -> float:
        """The largest relative error of one rounding to nearest: half of `epsilon`."""
        return math.ldexp(1.0, -self.fraction_bits - 1)

    @property
    def epsilon(self) -> float:
        """The step from 1 to the next larger value."""
        return math.ldexp(1.0, -self.fraction_bits)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive value with the full number of significant bits."""
        return math.ldexp(1.0, 1 - self.bias)

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive value, which is also the step between subnormal numbers."""
        return math.ldexp(1.0, 1 - self.bias - self.fraction_bits)

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return decode(self.top - 1 if self.has_infinity else self.top, self)

    @property
    def top(self) -> int:
        """The bit pattern at the end of the line: infinity, or the largest value without one."""
        all_ones = (1 << self.exponent_bits) - 1 << self.fraction_bits
        return all_ones if self.has_infinity else all_ones + (1 << self.fraction_bits) - 2


FORMATS = (
    Format("float64", 64, 11, 52, torch.float64),
    Format("float32", 32, 8, 23, torch.float32),
    Format("tf32", 19, 8, 10, None),
    Format("bfloat16", 16, 8, 7, torch.bfloat16),
    Format("float16", 16, 5, 10, torch.float16),
    Format("float8_e4m3fn", 8, 4, 3, torch.float8_e4m3fn, has_infinity=False),
    Format("float8_e5m2", 8, 5, 2, torch.float8_e5m2),
)


@dataclass(frozen=True)
class Fields:
    """The bit fields of one value: `exponent` and `fraction` as stored, `bits` left to right.

    `sign` is 0 or 1, `bits` a string of "0" and "1", `value` what they stand for.

    >>> one = Fields(0, 15, 0, "0011110000000000", 1.0, "normal")  # float16's 1.0
    >>> 2.0 ** (one.exponent - 15) * (1 + one.fraction / 2**10) == one.value
    True
    """

    sign: int
    exponent: int
    fraction: int
    bits: str
    value: float
    kind: Kind


def format_of(name_or_dtype: Format | str | torch.dtype) -> Format:
    """Find a format by its name or by its torch dtype; a format is returned as it is.

    Raises ValueError, with the names there are, for any other name or dtype.

    >>> format_of(torch.bfloat16).fraction_bits
    7
    """
    if isinstance(name_or_dtype, Format):
        return name_or_dtype
    for fmt in FORMATS:
        if name_or_dtype == fmt.name or (fmt.dtype is not None and name_or_dtype == fmt.dtype):
            return fmt
    names = ", ".join(fmt.name for fmt in FORMATS)
    raise ValueError(f"a format must be one of {names}, got {name_or_dtype}")


def decode(pattern: int, fmt: Format) -> float:
    """Give the value that a bit pattern stands for in a format.

    `pattern` is a whole number from 0 to 2**bits - 1, the sign in its highest bit; ValueError for
    any other.

    >>> decode(0b0_01111_0000000001, format_of("float16"))
    1.0009765625
    """
    if not 0 <= pattern < 2**fmt.bits:
        raise ValueError(f"pattern must be from 0 to 2**{fmt.bits} - 1, got {pattern}")
    sign, magnitude = divmod(pattern, 2 ** (fmt.bits - 1))
    exponent, fraction = divmod(magnitude, 2**fmt.fraction_bits)
    if magnitude > fmt.top:
        value = math.nan
    elif fmt.has_infinity and magnitude == fmt.top:
        value = math.inf
    elif exponent == 0:
        value = fraction * fmt.smallest_subnormal
    else:
        significand = 2**fmt.fraction_bits + fraction
        value = math.ldexp(significand, exponent - fmt.bias - fmt.fraction_bits)
    return -value if sign else value


def encode(value: float, fmt: Format) -> int:
    """Give the bit pattern of a value that the format holds exactly.

    Every NaN becomes the quiet NaN with an empty payload (IEEE 754-2019, 6.2.1), its sign kept.
    Raises ValueError for a value that the format does not hold: round it first.

    >>> hex(encode(-2.0, format_of("float32")))
    '0xc0000000'
    """
    sign = int(math.copysign(1.0, value) < 0) << fmt.bits - 1
    size = abs(value)
    if math.isnan(value):
        quiet = 2 ** (fmt.fraction_bits - 1) if fmt.has_infinity else 1
        return sign + fmt.top + quiet
    if math.isinf(value) and fmt.has_infinity:
        return sign + fmt.top
    if size > fmt.largest:
        raise ValueError(f"{fmt.name} holds no {value!r}: its largest value is {fmt.largest!r}")
    exponent = math.frexp(max(size, fmt.smallest_normal))[1] - 1
    significand = math.ldexp(size, fmt.fraction_bits - exponent)
    if significand != int(significand):
        raise ValueError(f"{fmt.name} does not hold {value!r} exactly: round it first")
    # The hidden bit of a normal number carries into the exponent field, and a subnormal has none.
    return sign + (exponent + fmt.bias - 1 << fmt.fraction_bits) + int(significand)
