"""A tensor in nine numbers: norm and eight signed sums, which tell how far two tensors are apart.

Owns the signs, the sums and the estimate of a distance. Knows nothing of files and of operations.

The signs are fixed, so that two machines add the same numbers with the same signs. For signs drawn
at random the expected square of the distance of two sketches is the square of the distance of the
two tensors (Alon, Matias, Szegedy, The space complexity of approximating the frequency moments,
J. Comput. Syst. Sci. 58 (1999), section 2.2). Where many elements differ, the quotient of the two
squares is a chi-squared variable with eight degrees of freedom over its mean. Of two elements that
are exchanged the sums see nothing one time in 16; the hash does.
"""

import math
from functools import cache

import numpy as np
import torch

LANES = 8
SMALLEST = 64
"""Elements from which a tensor is summed: of fewer elements the sums would tell the values."""

LEAST, MOST = 0.5, 3.5
"""The true distance is between these multiples of the estimate, but for 1 in 10,000 a side."""

_PERIOD = 1 << 16
_FINER = 16  # a sum is kept to this fraction of the unit roundoff, times the norm


def sketched(tensor: torch.Tensor) -> tuple[float, ...]:
    """Give a tensor's norm and its eight signed sums, in float64, of its finite elements.

    The norm is infinite or NaN where an element is. A sum is rounded to 1/16 of the format's unit
    roundoff times the norm: finer than one rounding of each element, with fewer bits to keep.

    >>> sketched(torch.ones(64))[0]
    8.0
    """
    flat = _numbers(tensor)
    norm = float(torch.linalg.vector_norm(flat)) if flat.numel() else 0.0
    finite = math.isfinite(norm)
    sums = _sums(flat if finite else torch.nan_to_num(flat, 0.0, 0.0, 0.0))
    return norm, *_kept(sums, tensor.dtype, norm)


def distance(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Estimate the norm of the difference of two sketched tensors; NaN where one is not finite.

    >>> x = torch.rand(1000, dtype=torch.float64)
    >>> true = float((0.001 * x).norm())
    >>> LEAST < true / distance(sketched(x), sketched(1.001 * x)) < MOST
    True
    """
    if not (math.isfinite(first[0]) and math.isfinite(second[0])):
        return math.nan
    return math.dist(first[1:], second[1:])


def _numbers(tensor: torch.Tensor) -> torch.Tensor:
    """Give the elements in a row, as float64, on the CPU where the device has no float64."""
    flat = tensor.detach()
    flat = flat.to_dense() if flat.layout is not torch.strided else flat
    flat = flat.dequantize() if flat.is_quantized else flat
    flat = torch.view_as_real(flat.resolve_conj()) if flat.is_complex() else flat.resolve_neg()
    if flat.device.type not in ("cpu", "cuda", "xpu"):
        flat = flat.cpu()
    return flat.reshape(-1).to(torch.float64)


def _sums(flat: torch.Tensor) -> list[float]:
    whole, rest = divmod(flat.numel(), _PERIOD)
    length = _PERIOD if whole else -(-rest // LANES) * LANES
    total = torch.zeros(length, dtype=torch.float64, device=flat.device)
    if whole:
        rows = torch.from_numpy(_signs(1, whole)).to(flat.device)
        total += rows @ flat[: whole * _PERIOD].view(whole, _PERIOD)
    total[:rest] += flat[whole * _PERIOD :] * float(_signs(1, whole + 1)[-1])
    signed = total * _on(flat.device)[:length]
    return [float(each) for each in signed.view(-1, LANES).sum(0).tolist()]


def _kept(sums: list[float], dtype: torch.dtype, norm: float) -> list[float]:
    real = dtype.is_floating_point or dtype.is_complex
    fine = torch.finfo(dtype).eps / 2 / _FINER if real else 2.0**-30
    if not math.isfinite(norm) or norm == 0.0 or fine < 2.0**-52:
        return sums
    step = math.ldexp(fine, math.frexp(norm)[1])
    return [round(each / step) * step for each in sums] if step else sums


@cache
def _on(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(_signs(0, _PERIOD)).to(device)


def _signs(seed: int, count: int) -> np.ndarray:  # type: ignore[type-arg]
    """Give fixed signs: a bit of the mixed place (the mixer of SplittableRandom, 64 bits)."""
    mixed = (np.arange(count, dtype=np.uint64) + np.uint64(1 + (seed << 40))) * np.uint64(
        0x9E3779B97F4A7C15
    )
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return np.where(mixed & np.uint64(1), 1.0, -1.0)
