"""Numbers for results: the same number means the same bits, and a first appearance is marked.

Owns the two kinds of cells that the chapter's tables share. Knows no experiment.
"""

from collections.abc import Sequence

from torch import Tensor

from workbook.chart import Cell, Kind

SEEN: Kind = "agrees"
NEW: Kind = "differs"
KINDS: dict[Kind, str] = {SEEN: "seen before", NEW: "new numbers"}


def named(values: Sequence[object], letter: str) -> list[Cell]:
    """Give a name and a kind for each value; names count the different values as they appear.

    >>> [(cell.text, cell.kind) for cell in named([7, 7, 9], "x")]
    [('x1', 'differs'), ('x1', 'agrees'), ('x2', 'differs')]
    """
    known = list(dict.fromkeys(values))
    return [
        Cell(f"{letter}{known.index(value) + 1}", SEEN if value in values[:place] else NEW)
        for place, value in enumerate(values)
    ]


def key(tensor: Tensor) -> tuple[float, ...]:
    """Give a tensor's numbers as something that can be compared and counted."""
    return tuple(tensor.flatten().tolist())
