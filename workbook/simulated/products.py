"""Matrix products whose every multiplication and addition is an IEEE operation of its own.

Owns the layout in tiles and the fused multiply-add. Knows float32 tensors and the orders; neither
operators nor settings of devices.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from workbook.simulated.reduction import Reduction, arrange, combine, pad

# Elements of the result that are worked on at once: small enough for a processor's cache.
_BLOCK = 2**16


def matmul(a: Tensor, b: Tensor, how: Reduction) -> Tensor:
    """Multiply float32 matrices of shapes (batch, m, k) and (batch, k, n).

    The k products of an element are cut into tiles of `tile` neighbors; a tile is added from its
    first product to its last, and the tiles are added in the order of `how`. A shorter last tile
    is filled with products of -0.0, which change nothing.
    """
    (batch, rows, length), columns = a.shape, b.shape[2]
    result = a.new_zeros((batch, rows, columns))
    if result.numel() == 0 or length == 0:
        return result
    left = _in_tiles(a.permute(2, 0, 1), how, -0.0).unsqueeze(4)
    right = _in_tiles(b.permute(1, 0, 2), how, 0.0).unsqueeze(3)
    high = max(1, min(rows, _BLOCK // columns))
    deep = max(1, _BLOCK // (high * columns)) if high == rows else 1
    for first in range(0, batch, deep):
        for top in range(0, rows, high):
            here = slice(first, first + deep), slice(top, top + high)
            parts = _tile_sums(left[:, :, here[0], here[1]], right[:, :, here[0]], how.fma)
            result[here] = combine(parts, how.order)
    return result


def _in_tiles(operand: Tensor, how: Reduction, filler: float) -> Tensor:
    """Cut the first dimension into tiles, a shape of (tiles, tile, ...), and arrange the tiles."""
    tile = min(how.tile, len(operand))
    padded = pad(operand, tile, filler)
    return arrange(padded.reshape(-1, tile, *operand.shape[1:]), how.order)


def _tile_sums(left: Tensor, right: Tensor, fma: bool) -> Iterator[Tensor]:
    """Give the sums of tiles, a power of two of tiles at a time so that a chunk stays small."""
    size = left.shape[2] * left.shape[3] * right.shape[4]
    together = 1 << max(0, (_BLOCK // size).bit_length() - 1)
    for first in range(0, len(left), together):
        a, b = left[first : first + together], right[first : first + together]
        sums = a[:, 0] * b[:, 0]
        product = torch.empty_like(sums)
        for step in range(1, left.shape[1]):
            if fma:
                sums = fused_multiply_add(a[:, step], b[:, step], sums)
            else:
                # Two calls: within one, a compiler may fuse the multiplication into the addition.
                torch.mul(a[:, step], b[:, step], out=product)
                sums += product
        yield sums


def fused_multiply_add(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Compute a * b + c for float32 tensors with one rounding, exactly as hardware does.

    The product of two float32 values is exact in float64. Their sum with c is rounded to odd
    there, which makes the second rounding, to float32, the only one that counts (Boldo and
    Melquiond, Emulation of FMA and correctly rounded sums, 2008). What the first rounding lost is
    known exactly (Knuth's two-sum).
    """
    product, addend = a.double() * b.double(), c.double()
    rounded = product + addend
    back = rounded - product
    lost = (product - (rounded - back)) + (addend - back)
    # The sign of lost * rounded says on which side of the exact sum the rounded one lies; with an
    # infinity or NaN it is NaN, which compares false both times and leaves the bits alone.
    side = lost * rounded
    truncated = rounded.view(torch.int64) - (side < 0).to(torch.int64)
    odd = truncated | ((side < 0) | (side > 0)).to(torch.int64)
    return odd.view(torch.float64).to(torch.float32)
