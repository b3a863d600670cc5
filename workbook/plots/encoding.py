"""A drawn picture as a small PNG: an indexed palette in place of 24 bits a pixel.

Owns the palette and the file's bytes. Knows nothing of charts. The palette holds every color of
the style and its blend with white, so full colors are exact and only the shades of smoothed edges
are rounded. A picture uses 16 of them at most, so that two pixels share a byte.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbook.plots import style

Bytes = NDArray[np.uint8]
# zlib's middle: a fifth smaller than 4 for one millisecond more; 9 takes ten times as long.
LEVEL = 6
BUDGET = 20_000
FULL = tuple(dict.fromkeys((*style.GREYS, *style.COLORS, *style.FILLS)))
# The rows of the palette that only smooth edges: two light greys, and every blend.
SHADES = {FULL.index(style.HAZE), FULL.index(style.PALE), *range(len(FULL), len(FULL) + 5)}


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(maxsize=1)
def palette() -> Bytes:
    """The colors that a picture may have, as rows of red, green and blue; row 0 is white.

    The full colors come first, then the blends.
    """
    full = [_rgb(color) for color in FULL]
    half = [tuple((part + 256) // 2 for part in _rgb(color)) for color in style.COLORS]
    return np.array(list(dict.fromkeys([*full, *half])), dtype=np.uint8)


@lru_cache(maxsize=1)
def _nearest() -> Bytes:
    """For each of 32 768 colors (5 bits a channel) the nearest row of the palette.

    Hue counts four times as much as lightness: a grey line never turns pink.
    """
    colors = _by_hue(palette().astype(np.int32))
    cells = np.arange(32768, dtype=np.int32)
    middle = _by_hue(np.stack([cells & 31, cells >> 5 & 31, cells >> 10], axis=1) * 8 + 4)
    best = np.full(32768, 1 << 30, dtype=np.int32)
    table = np.zeros(32768, dtype=np.uint8)
    for row, color in enumerate(colors):
        apart = ((middle - color) ** 2).sum(axis=1)
        table[apart < best] = row
        best = np.minimum(best, apart)
    return table


def _by_hue(colors: NDArray[np.int32]) -> NDArray[np.int32]:
    """Lightness, and two differences of channels that are 0 for grey."""
    red, green, blue = colors.T
    return np.stack([(red + 2 * green + blue) // 4, 2 * (red - green), 2 * (blue - green)], axis=1)


def png(pixels: Bytes) -> bytes:
    """The PNG of an opaque picture, given as rows of RGBA pixels.

    A picture that would take more than `BUDGET` bytes is written with fewer shades.
    """
    height, width, _ = pixels.shape
    flat = np.ascontiguousarray(pixels).view("<u4").reshape(-1)
    places = np.flatnonzero(flat != 0xFFFFFFFF)  # most of a chart is white
    color = flat[places]
    found = _nearest()[(color >> 3 & 0x1F) | (color >> 6 & 0x3E0) | (color >> 9 & 0x7C00)]
    if width % 2:  # rows end on a whole byte
        places += places // width
    shape = height, width
    fine = _file(found, places, shape, _kept(found, coarse=False))
    if len(fine) <= BUDGET:
        return fine
    return _file(found, places, shape, _kept(found, coarse=True))


def _kept(found: Bytes, *, coarse: bool) -> NDArray[np.intp]:
    """The rows of the palette that a picture keeps, white the first.

    Shades are given up where there are more than 16 colors, the rarest first; all if `coarse`.
    """
    counts = np.bincount(found, minlength=len(palette()))
    counts[0] = len(found) + 1
    wanted = np.flatnonzero(counts)
    rarest = [row for row in np.argsort(counts, kind="stable") if counts[row] and row in SHADES]
    return np.setdiff1d(wanted, rarest if coarse else rarest[: max(0, len(wanted) - 16)])


def _file(
    found: Bytes, places: NDArray[np.intp], shape: tuple[int, int], kept: NDArray[np.intp]
) -> bytes:
    """The file in which every found color is drawn at its place as the nearest that is kept."""
    height, width = shape
    colors = _by_hue(palette().astype(np.int32))
    apart = ((colors[:, None] - colors[None, kept]) ** 2).sum(axis=2)
    dots = np.zeros((height, width + width % 2), dtype=np.uint8)
    dots.reshape(-1)[places] = apart.argmin(axis=1).astype(np.uint8)[found]
    rows = np.zeros((height, dots.shape[1] // 2 + 1), dtype=np.uint8)  # column 0: no filter
    rows[:, 1:] = dots[:, 0::2] << np.uint8(4) | dots[:, 1::2]  # the left pixel is the upper half
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)),
        (b"PLTE", palette()[kept].tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
