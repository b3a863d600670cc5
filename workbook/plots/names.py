"""The names of rules, each placed where it hides the least.

Owns the choice of place. Knows nothing of charts; it looks at the pixels that are already drawn.
"""

from __future__ import annotations

import numpy as np
from matplotlib.text import Text

from workbook.plots import style
from workbook.plots.encoding import Bytes
from workbook.plots.shapes import Frame, label

DARK = 200  # a pixel whose darkest channel is below this is ink; the grid and light fills are not
ENOUGH = 0.01  # a place with less than this share of ink is free


def candidates(text: str, y: float, frame: Frame) -> list[Text]:
    """A rule's name above and below its line at y: at the right end, else farther to the left."""
    text = style.shorten(text, frame.width - 8, style.TEXT)
    width = style.text_width(text, style.TEXT)
    steps = np.arange(frame.right - 5, frame.left + 3 + width, -max(width / 2, 24.0))
    rows = [row for row in (y - 5, y + 14) if frame.top + 9 <= row <= frame.foot - 2]
    ends = [float(end) for end in steps] or [frame.right - 5]
    return [label(end, row, text, align="right") for end in ends for row in rows or [y - 5]]


def best_place(spots: list[Text], pixels: Bytes, scale: float) -> Text:
    """The first free place, or the one with the least ink, there on a pale ground."""
    shares = [_ink(spot, pixels, scale) for spot in spots]
    free = next((spot for spot, share in zip(spots, shares, strict=True) if share < ENOUGH), None)
    if free is not None:
        return free
    best = spots[int(np.argmin(shares))]
    best.set_bbox({"facecolor": style.PAPER, "alpha": 0.85, "linewidth": 0, "pad": 0.5})
    return best


def _ink(spot: Text, pixels: Bytes, scale: float) -> float:
    right, y = spot.get_position()
    left = right - style.text_width(spot.get_text(), style.TEXT)
    rows = slice(max(0, round((y - 10.5) * scale)), round((y + 3) * scale))
    columns = slice(max(0, round((left - 2) * scale)), round((right + 2) * scale))
    return float((pixels[rows, columns, :3].min(axis=2) < DARK).mean())
