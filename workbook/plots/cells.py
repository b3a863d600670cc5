"""Cells on matplotlib's Axes: a grid of bits or words, its kinds told apart by more than color.

Owns how a table is arranged and drawn. Its Axes count CSS pixels from the upper left corner of the
first cell. Each kind has a light fill and a stripe of its own along the foot of its cells; cells
too small for their texts are all stripe.
"""

from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from workbook.chart import KINDS, PARTS, Cells, Kind
from workbook.plots import style
from workbook.plots.style import LINE, PAPER, POINT, ROW, SMALLEST, TEXT, Look, Theme, color

ROOM = 12.0  # beside a text in its cell, both sides together
TIGHT = 0.5  # the same where there are many columns: digits have room of their own
FEW = 8  # columns whose texts and names are broken into lines where they are too long
NAMES = 0.4  # the names of rows, as a share of the width, at most, unless a word is longer
LEAST, ROOMY, WANTED = 21.0, 56.0, 140.0  # a row; one where there are few; a table
GAP, STRIPE = 4.0, 4.5  # between two rows; along the foot of a cell
BESIDE = 4.0  # between the names of rows and the first column
LOOKS: dict[str, Look] = style.CODE | dict(zip(PARTS, style.NAMED, strict=True))  # others are plain


class Table:
    """The arrangement of a table `width` CSS pixels wide, names of rows included.

    `size` is that of its texts, 0 where none could be read. `names`, `heads` and `texts` are broken
    into lines; `across` and `down` are the edges of columns and rows, `head` the height above them
    and `body` that of the rows. `title`, `label`, `legend` are the words above. Tables with equal
    `stays` have everything but the cells in common.
    """

    def __init__(self, cells: Cells, width: float) -> None:
        self.cells, many = cells, len(cells.columns)
        free = max(width * NAMES, _longest_word(cells.rows))
        self.names = [style.wrapped(name, free) for name in cells.rows]
        names = max((style.text_width(line) for name in self.names for line in name), default=0)
        self.beside = names + BESIDE
        self.free = width - self.beside
        widths, self.size = np.full(many, self.free / max(many, 1)), 0.0
        for size in (TEXT, 11.4, SMALLEST):
            if (fitting := _widths(cells, self.free, size)) is not None:
                widths, self.size = fitting, size
                break
        self.across = np.concatenate([[0.0], np.cumsum(widths)])
        self.texts = [
            [self._broken(text, each) for text, each in zip(line, widths, strict=True)]
            for line in cells.text
        ]
        self.heads = self._heads(widths)
        self.head = ROW * max(map(len, self.heads), default=0)
        even = min(WANTED / max(len(cells.rows), 1), ROOMY)
        heights = []
        for name, texts in zip(self.names, self.texts, strict=True):
            high = max(map(len, texts), default=0) * self.size * 1.25 + GAP + STRIPE + 3
            heights.append(max(LEAST, high, len(name) * (ROW + 1) + 1, even))
        self.down = np.concatenate([[0.0], np.cumsum(heights)])
        self.body, self.least = float(self.down[-1]) + 4, 0.0
        self.title, self.label = cells.title, ""
        self.legend = [words for _, words in cells.legend]
        self.stays = cells.rows, self.heads, self.size, [*self.across], [*self.down]

    def _broken(self, text: str, width: float) -> list[str]:
        if len(self.cells.columns) > FEW:
            return [text] if text else []
        return style.wrapped(text, width - ROOM, self.size) if self.size else []

    def _heads(self, widths: Any) -> list[list[str]]:
        """Break the names of columns; of many, show as many as fit, evenly."""
        names = self.cells.columns
        if len(names) <= FEW:
            return [style.wrapped(n, each - 6) for n, each in zip(names, widths, strict=True)]
        middles, wide = np.cumsum(widths) - widths / 2, [style.text_width(n) + 6 for n in names]
        for every in range(1, len(names) + 1):
            pairs = pairwise(range(0, len(names), every))
            if all(middles[b] - middles[a] >= (wide[a] + wide[b]) / 2 for a, b in pairs):
                break
        return [[name] if n % every == 0 else [] for n, name in enumerate(names)]

    @property
    def looks(self) -> list[Look]:
        """The looks that the cells and their legend have."""
        kinds = {kind for line in self.cells.kinds for kind in line}
        kinds |= {kind for kind, _ in self.cells.legend}
        return [look for kind, look in LOOKS.items() if kind in kinds]

    def samples(self, theme: Theme) -> list[Any]:
        """Make the legend's pictures of the kinds."""
        return [_sample(LOOKS.get(kind), theme) for kind, _ in self.cells.legend]

    def prepare(self, ax: Any, height: float) -> tuple[float, float, float]:
        """Set the limits and the names of rows and columns; the cells have `height` CSS pixels.

        Give how many of them the names need to the left, to the right and below.
        """
        ax.grid(False)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, which="both")
        ax.xaxis.tick_top()
        across, down = ((edges[1:] + edges[:-1]) / 2 for edges in (self.across, self.down))
        style.set_labels(ax.xaxis, across, self.heads, (0, 5), ha="center")
        style.set_labels(ax.yaxis, down, self.names, (-BESIDE, -4.6), ha="right")
        ax.set(xlim=(0, max(self.across[-1], 1)), ylim=(max(height, 1), 0))
        return self.beside, 0.0, 0.0

    def draw(self, ax: Any, theme: Theme) -> None:
        """Add the cells to their axes: fills, stripes, texts."""
        across, down = self.across, self.down
        if len(across) < 2 or len(down) < 2:
            return
        colors = [_fill(LOOKS.get(kind), theme) for kind in KINDS]
        numbers = np.array([[KINDS.index(kind) for kind in line] for line in self.cells.kinds])
        shown = np.full((2 * len(numbers) - 1, len(across) - 1), KINDS.index("blank"))
        shown[::2] = numbers  # the gaps between them are rows, too
        edges = np.stack([down[:-1] + GAP / 2, down[1:] - GAP / 2], axis=1).ravel()
        narrow = np.diff(across).min() < 16  # parted by paper, which texts stand clear of
        ax.pcolor(
            across, edges, np.ma.masked_equal(shown, KINDS.index("blank")), zorder=3, linewidth=0.5,
            cmap=ListedColormap(colors), vmin=-0.5, vmax=len(KINDS) - 0.5,
            clip_on=False,  # half of the outermost lines lies outside of the axes
            edgecolors=PAPER[theme] if narrow else LINE[theme],
        )  # fmt: skip
        for kind, runs in self._runs().items():
            if look := LOOKS.get(kind):
                rows, first, last = np.array(runs).T
                tall = STRIPE if self.size else np.diff(down).min() - GAP
                foot = down[rows + 1] - (GAP + tall) / 2
                ax.hlines(
                    foot, across[first], across[last], color(look, theme),
                    style.dashed(look.stripe, tall), linewidth=tall * POINT, zorder=3.1,
                )  # fmt: skip
        if self.size:
            self._write(ax, theme)

    def _runs(self) -> dict[Kind, list[tuple[int, int, int]]]:
        """Find each kind's runs of neighbors: row, first column, column after the last."""
        spans: dict[Kind, list[tuple[int, int, int]]] = {}
        for row, line in enumerate(self.cells.kinds):
            start = 0
            for kind, run in groupby(line):
                end = start + len(list(run))
                spans.setdefault(kind, []).append((row, start, end))
                start = end
        return spans

    def _write(self, ax: Any, theme: Theme) -> None:
        """Write the texts as markers: matplotlib draws each different one once, then copies it."""
        places: dict[str, list[tuple[float, float]]] = {}
        middles = (self.across[1:] + self.across[:-1]) / 2, (self.down[1:] + self.down[:-1]) / 2
        for row, line in enumerate(self.texts):
            for column, parts in enumerate(line):
                for n, part in enumerate(parts):
                    shift = (n - (len(parts) - 1) / 2) * self.size * 1.25 - STRIPE / 2
                    places.setdefault(part, []).append(
                        (middles[0][column], middles[1][row] + shift)
                    )
        for text, spots in places.items():
            outline, reach = _outline(text)
            size = 2 * reach * self.size * POINT
            x, y = np.array(spots).T
            ax.plot(x, y, ls="", marker=outline, ms=size, mew=0, color=style.INK[theme], zorder=3.3)


def least_width(cells: Cells) -> float:
    """Measure the width in CSS pixels below which a table's texts could not be read."""
    least = sum(each for _, each in _needs(cells, SMALLEST)) + BESIDE
    names = max(map(style.text_width, cells.rows), default=0.0)
    return least + max(min(names, least * NAMES / (1 - NAMES)), _longest_word(cells.rows)) + 1


def _longest_word(names: tuple[str, ...]) -> float:
    return max((style.text_width(word) for name in names for word in name.split()), default=0.0)


def _needs(cells: Cells, size: float) -> list[tuple[float, float]]:
    """Measure what each column wants at this size of its texts, and the least that it can have.

    Of a few columns, texts and names are broken between words; of many, names are left out.
    """
    few, needs = len(cells.columns) <= FEW, []
    for number, name in enumerate(cells.columns if few else [""] * len(cells.columns)):
        texts = {line[number] for line in cells.text}
        words = {word for text in texts for word in text.split()} if few else texts
        parts = [style.text_width(part) + 8 for part in _parts(name)]
        whole, least = (
            max([style.text_width(text, size) for text in some], default=0.0)
            + (ROOM if few else TIGHT)
            for some in (texts, words)
        )
        needs.append((max(whole, *parts, 0.55 * style.text_width(name)), max(least, *parts, 0.0)))
    return needs


def _widths(cells: Cells, free: float, size: float) -> Any:
    """Share a width among columns: evenly if every text fits so, else as the texts need it.

    None if not even words fit.
    """
    wanted, least = np.array(_needs(cells, size)).reshape(-1, 2).T
    count = max(len(wanted), 1)
    if wanted.max(initial=0) * count <= free:
        return np.full(len(wanted), free / count)
    if least.sum() > free:
        return None
    if wanted.sum() <= free:
        return wanted + (free - wanted.sum()) / count
    return least + (wanted - least) * (free - least.sum()) / (wanted - least).sum()


def _parts(name: str) -> list[str]:
    """Split a name where a line may end: at spaces, and after the dots of a long one."""
    return (name.replace(".", ". ").replace("_", "_ ") if len(name) > 16 else name).split()


def _sample(look: Look | None, theme: Theme) -> Any:
    fill = Rectangle((0, 0), 1, 1, fc=_fill(look, theme), ec=LINE[theme], linewidth=0.5)
    if look is None:
        return fill
    drawn: Any = {"linestyle": style.dashed(look.stripe, 4), "linewidth": 4 * POINT}
    return fill, Line2D([0, 1], [0.5, 0.5], color=color(look, theme), **drawn)


def _fill(look: Look | None, theme: Theme) -> str:
    return style.tint(look, theme) if look else PAPER[theme]


@lru_cache(maxsize=2048)
def _outline(text: str) -> tuple[Path, float]:
    """Outline a text at size 1 around its middle, and give how far it reaches from there."""
    drawn = TextPath((0, 0), text, size=1, prop=style.font(TEXT))
    left, right = drawn.vertices[:, 0].min(), drawn.vertices[:, 0].max()
    points = drawn.vertices - ((left + right) / 2, 0.365)  # half the height of a digit
    return Path(points, drawn.codes), float(np.abs(points).max())
