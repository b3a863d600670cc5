"""Two runs side by side: which operation of one answers which of the other, and where they part.

Owns the matching and the rule for the origin: the first matched pair whose inputs agree and whose
outputs do not; where there is none, the first matched pair whose inputs differ.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from workbook.trace.reading import Operation
from workbook.trace.recorder import Trace

_LONGEST = 3000  # operations beyond the common start and end that are matched by search


@dataclass(frozen=True)
class Origin:
    """Where two runs part: at an operation, or at something that came in.

    `first` and `second` are the matched operations. Where the kind is "operation", their inputs
    agree and their outputs differ; where it is "input", their inputs differ already.

    >>> import torch
    >>> with Trace() as ours:
    ...     _ = torch.ones(3).add(1)
    >>> with Trace() as theirs:
    ...     _ = torch.ones(3).add(2)
    >>> Origin("input", ours[1], theirs[1]).place.partition(" ")[0]
    'aten.add.Tensor'
    """

    kind: Literal["operation", "input"]
    first: Operation
    second: Operation

    @property
    def place(self) -> str:
        """The submodule and the user's line, in words."""
        module = f"{self.first.module}, " if self.first.module else ""
        line = self.first.line or self.second.line or "an unknown line"
        return f"{self.first.name} ({module}{line})"


def align(first: Trace, second: Trace) -> list[tuple[int, int]]:
    """Pair the places of operations that match, in order; an operation without a match is left out.

    Operations match where name and submodule do; the common beginning and end are matched first,
    the rest by the longest common subsequence (at most 3000 operations of each).

    >>> import torch
    >>> with Trace() as ours:
    ...     _ = torch.ones(3).exp().sum()
    >>> with Trace() as theirs:
    ...     _ = torch.ones(3).sum()
    >>> align(ours, theirs)  # the exponential has no match
    [(0, 0), (2, 1)]
    """
    return matched(_keys(first), _keys(second))


def matched(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pair the places of equal keys, in order: the common ends first, the rest by search.

    >>> matched("abcd", "xbd")
    [(1, 1), (3, 2)]
    """
    low = 0
    while low < min(len(ours), len(theirs)) and ours[low] == theirs[low]:
        low += 1
    high = 0
    most = min(len(ours), len(theirs)) - low
    while high < most and ours[-1 - high] == theirs[-1 - high]:
        high += 1
    pairs = [(i, i) for i in range(low)]
    left = ours[low : len(ours) - high][:_LONGEST]
    right = theirs[low : len(theirs) - high][:_LONGEST]
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        pairs += [(low + block.a + k, low + block.b + k) for k in range(block.size)]
    pairs += [(len(ours) - k, len(theirs) - k) for k in range(high, 0, -1)]
    return pairs


def origin(first: Trace, second: Trace) -> Origin | None:
    """Find where two runs part, or None where every matched pair agrees.

    >>> import torch
    >>> with Trace() as ours:
    ...     _ = torch.ones(3).sum()
    >>> with Trace() as theirs:
    ...     _ = torch.ones(3).sum()
    >>> origin(ours, theirs) is None
    True
    """
    came_in: Origin | None = None
    for i, j in align(first, second):
        ours, theirs = first[i], second[j]
        if ours.inputs != theirs.inputs:
            came_in = came_in or Origin("input", ours, theirs)
        elif ours.outputs != theirs.outputs:
            return Origin("operation", ours, theirs) if came_in is None else came_in
    return came_in


def _keys(trace: Trace) -> list[tuple[str, str]]:
    return [(operation.name, operation.module) for operation in trace]
