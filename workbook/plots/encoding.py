"""A drawn picture as a small PNG: an indexed palette in place of 24 bits a pixel.

Owns the palette and the file's bytes. Knows nothing of charts. The palette holds every color of
the style and its blend with white, so full colors are exact and only the shades of smoothed edges
are rounded. At most 16 of its colors are used where that is possible; two pixels then share a byte.
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


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


FULL = tuple(dict.fromkeys((*style.GREYS, *style.COLORS, *style.FILLS)))


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
    """The PNG of an opaque picture, given as rows of RGBA pixels."""
    height, width, _ = pixels.shape
    flat = np.ascontiguousarray(pixels).view("<u4").reshape(-1)
    places = np.flatnonzero(flat != 0xFFFFFFFF)  # most of a chart is white
    color = flat[places]
    found = _nearest()[(color >> 3 & 0x1F) | (color >> 6 & 0x3E0) | (color >> 9 & 0x7C00)]
    used, number = _numbers(found)
    bits = 4 if len(used) <= 16 else 8
    lines = np.zeros((height, width + width % 2), dtype=np.uint8)
    if width % 2:
        places += places // width
    lines.reshape(-1)[places] = number[found]
    return _file(lines, (width, height, bits), palette()[used])


def _numbers(found: Bytes) -> tuple[NDArray[np.intp], Bytes]:
    """The rows of the palette that a picture needs, and for every row its number among them.

    White is the first. Where there are more than 16, blends are given up, the rarest first: they
    take the number of the kept color that is nearest.
    """
    counts = np.bincount(found, minlength=len(palette()))
    counts[0] = len(found) + 1
    blends = np.arange(len(palette())) >= len(FULL)
    wanted = np.flatnonzero(counts)
    rarest = [row for row in np.argsort(counts, kind="stable") if blends[row] and counts[row]]
    used = np.setdiff1d(wanted, rarest[: max(0, len(wanted) - 16)])
    colors = _by_hue(palette().astype(np.int32))
    apart = ((colors[:, None] - colors[None, used]) ** 2).sum(axis=2)
    return used, apart.argmin(axis=1).astype(np.uint8)


def _file(lines: Bytes, shape: tuple[int, int, int], colors: Bytes) -> bytes:
    width, height, bits = shape
    if bits == 4:  # the left pixel of two is the upper half of their byte
        lines = lines[:, 0::2] << np.uint8(4) | lines[:, 1::2]
    rows = np.zeros((height, (width * bits + 7) // 8 + 1), dtype=np.uint8)
    rows[:, 1:] = lines[:, : rows.shape[1] - 1]  # each row opens with its filter: 0, none
    header = struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colors.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
