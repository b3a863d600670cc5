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
STEP = 40.0  # from one place to the next, leftward


def rule_name(text: str, y: float, frame: Frame, pixels: Bytes, scale: float) -> Text:
    """The name of the rule at y: above or below its line, as near its right end as is free.

    Where no place is free, the one with the least ink, on a pale ground.
    """
    text = style.shorten(text, frame.width - 8, style.TEXT)
    width = style.text_width(text, style.TEXT)
    best, least = (frame.right - 5, y - 5), 1.0
    for right in np.arange(frame.right - 5, frame.left + 3 + width, -STEP):
        for row in (y - 5, y + 14):
            if not frame.top + 9 <= row <= frame.foot - 2:
                continue
            share = _ink(float(right), row, width, pixels, scale)
            if share < ENOUGH:
                return label(float(right), row, text, align="right")
            if share < least:
                best, least = (float(right), row), share
    found = label(*best, text, align="right")
    found.set_bbox({"facecolor": style.PAPER, "alpha": 0.85, "linewidth": 0, "pad": 0.5})
    return found


def _ink(right: float, y: float, width: float, pixels: Bytes, scale: float) -> float:
    """The share of dark pixels where a text of this width would end at `right` on line y."""
    rows = slice(max(0, round((y - 10.5) * scale)), round((y + 3) * scale))
    columns = slice(max(0, round((right - width - 2) * scale)), round((right + 2) * scale))
    return float((pixels[rows, columns, :3].min(axis=2) < DARK).mean())
