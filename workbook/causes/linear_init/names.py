"""Numbers for results: the same number means the same bits, and a first appearance is marked.

Owns the two kinds of cells that the chapter's tables share. Knows no experiment.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

SEEN, NEW = 1, 2
KINDS = ("", "seen before", "new numbers")


def named(values: Sequence[object], letter: str) -> list[tuple[str, int]]:
    """A name and a kind for each value; names count the different values as they appear.

    >>> named([7, 7, 9], "x")
    [('x1', 2), ('x1', 1), ('x2', 2)]
    """
    known = list(dict.fromkeys(values))
    return [
        (f"{letter}{known.index(value) + 1}", SEEN if value in values[:place] else NEW)
        for place, value in enumerate(values)
    ]


def key(tensor: Tensor) -> tuple[float, ...]:
    """The numbers of a tensor as something that can be compared and counted."""
    return tuple(tensor.flatten().tolist())
