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


@lru_cache(maxsize=1)
def palette() -> Bytes:
    """The colors that a picture may have, as rows of red, green and blue; row 0 is white.

    The full colors come first, then the blends.
    """
    full = np.array([list(bytes.fromhex(color[1:])) for color in FULL])
    half = (full[[FULL.index(color) for color in style.COLORS]] + 256) // 2
    return np.concatenate([full, half]).astype(np.uint8)


@lru_cache(maxsize=1)
def _nearest() -> Bytes:
    """For each of 32 768 colors (5 bits a channel) the nearest row of the palette."""
    cells = np.arange(32768)
    return _rows(np.stack([cells & 31, cells >> 5 & 31, cells >> 10], axis=1) * 8 + 4, palette())


def _rows(colors: NDArray[np.int_] | Bytes, among: Bytes) -> Bytes:
    """For each color the number of the nearest one in `among`.

    Hue counts four times as much as lightness: a grey line never turns pink.
    """
    by_hue = np.array([[1 / 4, 1 / 2, 1 / 4], [2, -2, 0], [0, -2, 2]], dtype=np.float32).T
    apart = (colors @ by_hue)[:, None] - among @ by_hue
    return np.asarray((apart**2).sum(axis=2).argmin(axis=1), dtype=np.uint8)


def png(pixels: Bytes) -> bytes:
    """The PNG of an opaque picture, given as rows of RGBA pixels.

    A picture that would take more than `BUDGET` bytes is written with fewer shades.
    """
    flat = np.ascontiguousarray(pixels).view("<u4")[..., 0]
    inked = flat != 0xFFFFFFFF  # most of a chart is white
    color = flat[inked]
    found = _nearest()[(color >> 3 & 0x1F) | (color >> 6 & 0x3E0) | (color >> 9 & 0x7C00)]
    height, width = flat.shape
    dots = np.zeros((height, width + width % 2), dtype=np.uint8)  # rows end on a whole byte
    data = b""
    for coarse in (False, True):
        kept = palette()[_kept(found, coarse=coarse)]
        dots[:, :width][inked] = _rows(palette(), kept)[found]
        data = _file(dots, kept, width)
        if len(data) <= BUDGET:
            break
    return data


def _file(dots: Bytes, colors: Bytes, width: int) -> bytes:
    """Pillow could write this too; its own zlib makes files a tenth larger."""
    packed = dots[:, 0::2] << 4 | dots[:, 1::2]  # the left pixel is the upper half
    lines = np.pad(packed, ((0, 0), (1, 0)))  # column 0: no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, len(dots), 4, 3, 0, 0, 0)),
        (b"PLTE", colors.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), LEVEL)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def _kept(found: Bytes, *, coarse: bool) -> NDArray[np.intp]:
    """The rows of the palette that a picture keeps, white the first.

    Shades are given up where there are more than 16 colors, the rarest first; all if `coarse`.
    """
    counts = np.bincount(found, minlength=len(palette()))
    counts[0] = len(found) + 1
    wanted = np.flatnonzero(counts)
    rarest = [row for row in np.argsort(counts, kind="stable") if counts[row] and row in SHADES]
    return np.setdiff1d(wanted, rarest if coarse else rarest[: max(0, len(wanted) - 16)])
