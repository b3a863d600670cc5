"""What pictures look like: two themes, the color code, and how wide a text is.

Owns every choice of look. Knows nothing of charts. A theme is a dict of matplotlib's own settings
and a few colors more. The color code says what became of a result and is the same in every chapter;
series and kinds that only have names take colors that mean nothing. Each color goes with a pattern
of its own (dash, marker, hatch, stripe), so that none carries meaning alone.
"""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import ScaledTranslation

Theme = Literal["light", "dark"]
Dash = tuple[float, ...]

POINT = 0.75  # points to a CSS pixel; all sizes here are CSS pixels, 96 to the inch
TEXT, TITLE = 12.8, 14.6
SMALLEST = 10.0  # of texts; what would have to be smaller is broken into lines, or left out
SAMPLE, GAP = 34.0, 14.0  # the legend's pictures, with the space to their text; two entries
ROW = 17.0  # from one line of text to the next
EDGE = 8.0  # free space along the border
FAMILY = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same


@dataclass(frozen=True)
class Look:
    """One color with the patterns that go with it: of lines, points, bars, and cells' stripes.

    The lengths of a dash are in line widths, those of a stripe in CSS pixels; none is solid.
    """

    light: str
    dark: str
    dash: Dash
    marker: str
    hatch: str
    stripe: Dash


# The color code: each kind of chart.KINDS that judges. Blue, green, purple and vermilion are Okabe
# and Ito's, which color-blind readers tell apart; the dark theme has lighter ones.
CODE: dict[str, Look] = {
    "agrees": Look("#0072B2", "#56B4E9", (), "o", "", ()),
    "within the bound": Look("#008763", "#2CC99A", (5, 2), "s", "////", (4, 2)),
    "doubtful": Look("#B0528A", "#E8A0CB", (6, 2, 1.2, 2), "D", "\\\\\\\\", (6, 1.5, 1.5, 1.5)),
    "wrong": Look("#C44F00", "#FF9455", (1.2, 1.5), "X", "xxxx", (1.5, 1.5)),
    "differs": Look("#4F3D00", "#F0DC82", (3, 1.5), "^", "++++", (9, 2)),
    "raises": Look("#1A1A1A", "#F2F2F2", (9, 3), "P", "....", (1.5, 4)),
    "not tried": Look("#8F8F8F", "#808080", (2, 4), "v", "", (1, 9)),
}
# What has only a name (series, and the kinds first to fifth): these colors mean nothing.
NAMED = (
    Look("#3D4A5C", "#C9D3E0", (), "o", "", ()),
    Look("#946200", "#E3B341", (5, 2), "s", "////", (4, 2)),
    Look("#00808A", "#4FD3DC", (1.2, 1.5), "^", "....", (1.5, 1.5)),
    Look("#8A2D5C", "#F08CB8", (6, 2, 1.2, 2), "D", "\\\\\\\\", (6, 1.5, 1.5, 1.5)),
    Look("#6E6E6E", "#A6A6A6", (9, 3), "v", "xxxx", (1.5, 4)),
)

# Paper, ink, ink of lesser rank, lines between cells, axes, grid.
PAPER = {"light": "#FFFFFF", "dark": "#212121"}
INK = {"light": "#1A1A1A", "dark": "#E8E8E8"}
SOFT = {"light": "#595959", "dark": "#B4B4B4"}
LINE = {"light": "#8C8C8C", "dark": "#7A7A7A"}
GRID = {"light": "#E3E3E3", "dark": "#3A3A3A"}
TINTED = {"light": 0.2, "dark": 0.3}  # how much of its color a cell's fill has
SEEN = ("agg.", "axes.", "figure.", "font.", "grid.", "hatch.", "lines.", "markers.") + (
    ("patch.", "path.", "text.", "xtick.", "ytick.")  # settings that show in these figures
)
SETTINGS: dict[str, Any] = {
    "font.family": [FAMILY],
    "text.parse_math": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.pad": 2.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.5,
    "lines.dash_capstyle": "butt",
    "lines.solid_capstyle": "butt",
    "hatch.linewidth": 0.75,
    "axes.linewidth": 0.5,
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
}


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """Draw with a theme's settings, in which a reader's own do not show; then give these back."""
    with matplotlib.rc_context():
        now: Any = matplotlib.rcParams
        dict.update(now, settings(theme))  # unlike style.context, which takes a millisecond
        yield


@lru_cache(maxsize=2)
def settings(theme: Theme) -> dict[str, Any]:
    """Give matplotlib's settings for a theme, over its defaults. ValueError for no such theme."""
    if theme not in PAPER:
        raise ValueError(f"a theme is light or dark, got {theme!r}")
    sizes = "font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"
    colors = {
        "figure.facecolor": PAPER, "axes.facecolor": PAPER, "text.color": INK,
        "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.labelcolor": SOFT,
        "axes.edgecolor": LINE, "xtick.color": LINE, "ytick.color": LINE, "grid.color": GRID,
    }  # fmt: skip
    chosen = {name: color[theme] for name, color in colors.items()}
    defaults: Any = matplotlib.rcParamsDefault
    seen = {name: defaults[name] for name in defaults if name.startswith(SEEN)}
    return seen | SETTINGS | dict.fromkeys(sizes, TEXT * POINT) | chosen


def looks(names: tuple[str, ...]) -> list[Look]:
    """Give each name a look: a word of the code its own, others the next that means nothing."""
    free = itertools.cycle(NAMED)
    return [CODE[name] if name in CODE else next(free) for name in names]


def dashed(lengths: Dash, width: float = 1.0) -> Any:
    """Name a dash as matplotlib does, which counts in line widths; none is a solid line."""
    return (0, tuple(each / width for each in lengths)) if lengths else "-"


def color(look: Look, theme: Theme) -> str:
    """Choose the look's color in this theme."""
    return look.dark if theme == "dark" else look.light


@lru_cache(maxsize=64)
def tint(look: Look, theme: Theme) -> str:
    """Mix the fill that goes with a look's color, and on which text is read."""
    share = TINTED[theme]
    own, paper = (np.array(to_rgb(each)) for each in (color(look, theme), PAPER[theme]))
    return to_hex(tuple(share * own + (1 - share) * paper))


def palette(theme: Theme, own: Iterable[Look]) -> tuple[str, ...]:
    """List the colors of a picture that shows these looks, paper first.

    The tints are the shades of smoothed edges, too. For five looks there are at most 16 colors,
    so that a PNG needs half a byte for each pixel.
    """
    own = list(own)
    grays = (PAPER[theme], INK[theme], SOFT[theme], LINE[theme], GRID[theme])
    full, tints = ([of(look, theme) for look in own] for of in (color, tint))
    return tuple(dict.fromkeys((*grays, *full, *tints)))


def text_width(text: str, size: float = TEXT, bold: bool = False) -> float:
    """Measure one line of text in CSS pixels, with 3 % to spare for hinting."""
    return _width(text, bold) * size * 1.03


@lru_cache(maxsize=8192)
def _width(text: str, bold: bool) -> float:
    """Measure how wide a text is, as a share of the font's size."""
    return sum(_letter_width(letter, bold) for letter in text)


@lru_cache(maxsize=1024)
def _letter_width(letter: str, bold: bool) -> float:
    """Measure a letter, as a share of the font's size: versions of FreeType agree on it.

    They do not on a whole text, in which some pull letters together that others do not.
    """
    width, _, _ = text_to_path.get_text_width_height_descent(letter, font(100.0, bold), False)
    return float(width) / (100.0 * POINT)


@lru_cache(maxsize=64)
def font(size: float, bold: bool = False) -> FontProperties:
    """Give the font at `size` CSS pixels."""
    return FontProperties(family=FAMILY, size=size * POINT, weight="bold" if bold else "normal")


def write(
    ax: Any, lines: list[str], at: Any, units: Any, shift: Any, *, ha: str, soft: bool = False
) -> None:
    """Write lines below one another: each a text of its own, on its baseline.

    Versions of matplotlib do not agree on how high a text is, nor on where a second line stands.
    `at` is in `units`; `shift` is that of the first line from there, in CSS pixels.
    """
    ink = matplotlib.rcParams["axes.labelcolor" if soft else "text.color"]
    for number, line in enumerate(lines):
        down = ScaledTranslation(
            shift[0] / 96, (shift[1] - ROW * number) / 96, ax.figure.dpi_scale_trans
        )
        ax.text(*at, line, transform=units + down, ha=ha, va="baseline", color=ink)


def set_labels(axis: Any, places: Any, lines: list[list[str]], shift: Any, *, ha: str) -> None:
    """Set ticks without labels of matplotlib's, and write what they say as `write` does.

    The lines of a label stand on a top axis, hang below a bottom one, and are centered beside y.
    """
    axis.set_ticks(places, [""] * len(lines))
    ax, top = axis.axes, axis.get_ticks_position() == "top"
    if axis.axis_name == "x":
        units, raised, spots = ax.get_xaxis_transform(), float(top), [(p, top) for p in places]
    else:
        units, raised, spots = ax.get_yaxis_transform(), 0.5, [(0, p) for p in places]
    for spot, each in zip(spots, lines, strict=True):
        up = raised * ROW * (len(each) - 1)
        write(ax, each, spot, units, (shift[0], shift[1] + up), ha=ha)


def wrapped(text: str, width: float, size: float = TEXT, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than `width`, at spaces (in a word if it is too long)."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
            continue
        while text_width(word, size, bold) > width and len(word) > 1:
            starts = range(1, len(word))
            fits = bisect_right(starts, width, key=lambda n: text_width(word[:n], size, bold)) or 1
            fits = 1 + max(word.rfind(end, 0, fits) for end in "._") or fits  # after a dot, if any
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines
