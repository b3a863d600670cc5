"""A drawn picture as a small PNG: an indexed palette in place of 24 bits a pixel.

Owns the palette and the file's bytes. Knows nothing of charts. The palette holds every color of
the style and its blends with white, so full colors are exact and only the in-between shades of
smoothed edges are rounded.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbook.plots import style

Bytes = NDArray[np.uint8]
SHADES = 4  # in-between shades of each color with white
LEVEL = 4  # zlib: smaller than 1 by a fifth for half a millisecond


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(maxsize=1)
def palette() -> Bytes:
    """The colors that a picture may have, as rows of red, green and blue; row 0 is white."""
    full = (style.INK, style.SOFT, style.LINE, style.GRID, *style.COLORS, *style.FILLS)
    found = [(255, 255, 255)]
    for color in full:
        share = np.linspace(1, 0, SHADES + 1)[:-1] if color not in style.FILLS else (1.0,)
        for part in share:
            mixed = tuple(round(255 + (c - 255) * float(part)) for c in _rgb(color))
            if mixed not in found:
                found.append((mixed[0], mixed[1], mixed[2]))
    return np.array(found[:256], dtype=np.uint8)


@lru_cache(maxsize=1)
def _nearest() -> Bytes:
    """For each of 32 768 colors (5 bits a channel) the nearest row of the palette."""
    colors = palette().astype(np.int32)
    cells = np.arange(32768, dtype=np.int32)
    middle = np.stack([cells & 31, cells >> 5 & 31, cells >> 10], axis=1) * 8 + 4
    best = np.full(32768, 1 << 30, dtype=np.int32)
    table = np.zeros(32768, dtype=np.uint8)
    for row, color in enumerate(colors):
        apart = ((middle - color) ** 2).sum(axis=1)
        table[apart < best] = row
        best = np.minimum(best, apart)
    exact = (colors[:, 0] >> 3) | (colors[:, 1] >> 3 << 5) | (colors[:, 2] >> 3 << 10)
    table[exact[::-1]] = np.arange(len(colors), dtype=np.uint8)[::-1]
    return table


def png(pixels: Bytes) -> bytes:
    """The PNG of an opaque picture, given as rows of RGBA pixels."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row opens with its filter: none
    rows[:, 1:] = _indexed(pixels)
    packer = zlib.compressobj(LEVEL)
    data = packer.compress(rows.tobytes()) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette().tobytes()), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _indexed(pixels: Bytes) -> Bytes:
    height, width, _ = pixels.shape
    flat = np.ascontiguousarray(pixels).view("<u4").reshape(-1)
    places = np.flatnonzero(flat != 0xFFFFFFFF)  # most of a chart is white
    color = flat[places]
    cell = (color >> 3 & 0x1F) | (color >> 6 & 0x3E0) | (color >> 9 & 0x7C00)
    indexed = np.zeros(flat.size, dtype=np.uint8)
    indexed[places] = _nearest()[cell]
    return indexed.reshape(height, width)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
