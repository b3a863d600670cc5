"""What marks look like: colors, dashes, markers, hatches, and how wide a text is.

Owns every choice of look. Knows nothing of charts or of the figure. Lengths are CSS pixels (96 to
the inch). Thin marks use only those Okabe-Ito colors that reach a contrast of 3:1 on white, and
every color goes with a dash, a marker and a hatch of its own, so that none carries meaning alone.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

Dashes = tuple[tuple[float, ...], ...]

# Blue, vermilion, bluish green, reddish purple, black: contrast on white 5.2, 3.9, 3.4, 3.1, 21.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
# Lengths are in line widths; the first is solid.
DASHES: Dashes = ((), (5, 2), (1.2, 1.5), (6, 2, 1.2, 2), (9, 3))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx")
TINTS = ("#cce3f0", "#f7dfcc", "#ccece3", "#f5e4ed", "#e3e3e3")  # a fifth of COLORS
SERIES = tuple(zip(COLORS, DASHES, HATCHES, TINTS, strict=True))
RULES: Dashes = ((4.0, 2.5), (1.5, 2.0), (7.0, 2.0, 1.5, 2.0))  # dashes of horizontal rules

# Kinds of cells: a light fill and, along the foot of the cell, a stripe with dashes of its own,
# whose lengths are CSS pixels.
FILLS = ("#ffffff", *TINTS)
STRIPES = ("", *COLORS[:4], "#595959")
THIRD = 4 / 3
STRIPE_DASHES: Dashes = ((), (), (4, 2), (THIRD, THIRD), (6, THIRD, THIRD, THIRD), (THIRD, 4))

INK = "#1a1a1a"
SOFT = "#595959"  # labels of lesser rank: 7:1 on white
LINE = "#8c8c8c"
PALE = "#b8b8b8"
GRID = "#e3e3e3"
HAZE = "#f2f2f2"  # between paper and grid, where edges are smoothed
PAPER = "#ffffff"
GREYS = (PAPER, HAZE, GRID, PALE, LINE, SOFT, INK)

TEXT = 12.8  # 9.6 pt
TITLE = 14.6
HAIRLINE = 2 / 3  # one device pixel at the usual scale
ROW = 17.0  # from one line of text to the next
EDGE = 8.0  # free space along the border

FAMILY = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same


@lru_cache(maxsize=256)
def font(size: float, bold: bool = False) -> FontProperties:
    """The font at `size` CSS pixels."""
    return FontProperties(family=FAMILY, size=size * 0.75, weight="bold" if bold else "normal")


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = TEXT, bold: bool = False) -> float:
    """The width of one line of text in CSS pixels, with 3 % to spare for hinting."""
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold), False)
    return float(width) / 0.75 * 1.03


def wrap(text: str, width: float, size: float = TEXT, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width`, broken at spaces (in a word if it is too long)."""
    lines: list[str] = []
    for word in text.split():
        rest = word
        while rest:
            longer = f"{lines[-1]} {rest}" if lines else rest
            if lines and text_width(longer, size, bold) <= width:
                lines[-1] = longer
                break
            fits = max(1, _fitting(rest, width, size, bold))
            lines.append(rest[:fits])
            rest = rest[fits:]
    return lines


def shorten(text: str, width: float, size: float = TEXT, bold: bool = False) -> str:
    """The text, or as much of its start as fits before an ellipsis."""
    if text_width(text, size, bold) <= width:
        return text
    return text[: _fitting(text, width, size, bold, "…")].rstrip() + "…"


def _fitting(text: str, width: float, size: float, bold: bool = False, end: str = "") -> int:
    """How many of the first characters fit, with `end` after them."""
    starts = range(1, len(text) + 1)
    return bisect_right(starts, width, key=lambda n: text_width(text[:n] + end, size, bold))
