"""What marks look like: colors, dashes, markers, hatches, and how wide a text is.

Owns every choice of look. Knows nothing of charts or of the figure. Lengths are CSS pixels (96 to
the inch). Thin marks use only those Okabe-Ito colors that reach a contrast of 3:1 on white, and
every color goes with a dash, a marker and a hatch of its own, so that none carries meaning alone.
"""

from __future__ import annotations

from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

# Blue, vermilion, bluish green, reddish purple, black: contrast on white 5.2, 3.9, 3.4, 3.1, 21.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
# Lengths are in line widths; the first is solid.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1.2, 1.5), (6, 2, 1.2, 2), (9, 3))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx")
TINTS = ("#cce3f0", "#f7dfcc", "#ccece3", "#f5e4ed", "#e3e3e3")  # a fifth of COLORS
RULES = ((4.0, 2.5), (1.5, 2.0), (7.0, 2.0, 1.5, 2.0))  # dashes of horizontal rules

# Kinds of cells: a light fill and, along the foot of the cell, a stripe with dashes of its own,
# whose lengths are CSS pixels.
FILLS = ("#ffffff", *TINTS)
STRIPES = ("", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#595959")
STRIPE_DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (),
    (4.0, 2.0),
    (4 / 3, 4 / 3),
    (6.0, 4 / 3, 4 / 3, 4 / 3),
    (4 / 3, 4.0),
)

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
    weight = "bold" if bold else "normal"
    return FontProperties(family=FAMILY, size=size * 0.75, weight=weight)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line of text in CSS pixels, with 3 % to spare for hinting."""
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold), False)
    return float(width) / 0.75 * 1.03


def wrap(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width`, broken at spaces (in a word if it is too long)."""
    lines: list[str] = []
    line = ""
    width = max(width, size)
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while text_width(word, size, bold) > width and len(word) > 1:
            fit = next(
                n
                for n in range(len(word) - 1, 0, -1)
                if n == 1 or text_width(word[:n], size, bold) <= width
            )
            lines.append(word[:fit])
            word = word[fit:]
        line = word
    return [*lines, line] if line else lines


def shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, or as much of its start as fits before an ellipsis."""
    if text_width(text, size, bold) <= width:
        return text
    fits, fails = 0, len(text)
    while fits + 1 < fails:
        middle = (fits + fails) // 2
        if text_width(text[:middle] + "…", size, bold) <= width:
            fits = middle
        else:
            fails = middle
    return text[:fits].rstrip() + "…"
