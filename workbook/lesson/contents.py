"""What a chapter holds, counted from its cells, and how long it takes by a stated rule.

Owns the rule. Reads notebooks as plain data: `nbformat`'s dictionaries, or a file's JSON.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Minutes for each: a prediction is read, weighed, answered and compared; an explorer is read, and
# its controls, some three, are each tried once; an exercise is tried about twice; any other cell is
# run and looked at. Judged, and then held against readers' own minutes in twelve chapters: 3 % too
# few in all, a single chapter up to 23 % off.
MINUTES = {"predictions": 1.5, "explorers": 3.0, "exercises": 6.0, "cases": 8.0, "cells": 0.5}
WORDS_A_MINUTE = 150  # technical prose, read once and with thought: well below the usual 240
ROUNDED = 5
OPTIONAL = "*Optional:"
"""A section is optional if its text begins so."""

_ROWS = {
    "predict": "predictions",
    "claim": "predictions",
    "check": "exercises",
    "investigate": "cases",
}
_ASKS = re.compile(
    r"^(predict|claim|check|investigate)\((?:\"([\w-]+)\"|(?:\w+\.)?(\w+))", re.MULTILINE
)
_EXPLORES = re.compile(r"^explore\(", re.MULTILINE)
_HELPS = re.compile(r"^(hint|solution)\(", re.MULTILINE)
_HEADING = re.compile(r"^#{1,2} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Contents:
    """The words of some cells, and the names of what they ask, in their order."""

    words: int
    predictions: tuple[str, ...]
    exercises: tuple[str, ...]
    cases: tuple[str, ...]
    explorers: int
    cells: int

    @property
    def exact(self) -> float:
        """Give the minutes, not rounded."""
        counts = {name: len(getattr(self, name)) for name in ("predictions", "exercises", "cases")}
        counts |= {"explorers": self.explorers, "cells": self.cells}
        spent = sum(MINUTES[name] * count for name, count in counts.items())
        return self.words / WORDS_A_MINUTE + spent

    @property
    def minutes(self) -> int:
        """Give the minutes as a chapter states them: the next multiple of five."""
        return int(-(-self.exact // ROUNDED) * ROUNDED)


def contents(cells: Iterable[Mapping[str, Any]]) -> Contents:
    """Count what these cells hold.

    >>> contents([{"cell_type": "code", "source": "predict(precision.ONE_TENTH)"}]).predictions
    ('one_tenth',)
    """
    words, explorers, others = 0, 0, 0
    asked: dict[str, list[str]] = {"predictions": [], "exercises": [], "cases": []}
    for cell in cells:
        text = source(cell)
        if cell["cell_type"] == "markdown":
            words += sum(any(map(str.isalnum, word)) for word in text.split())
            continue
        rows = _ASKS.findall(text)
        for verb, claim, constant in rows:
            asked[_ROWS[verb]].append(claim or constant.lower())
        explored = len(_EXPLORES.findall(text))
        explorers += explored
        others += not (rows or explored or _HELPS.search(text))
    predictions, exercises, cases = (tuple(dict.fromkeys(names)) for names in asked.values())
    return Contents(words, predictions, exercises, cases, explorers, others)


def sections(cells: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Part a chapter at its headings: the cells of each section by the heading's words.

    A cell with several headings is parted between them.
    """
    parted: dict[str, list[Mapping[str, Any]]] = {}
    title = ""
    for cell in cells:
        text = source(cell)
        if cell["cell_type"] != "markdown":
            parted.setdefault(title, []).append(cell)
            continue
        pieces = _HEADING.split(text)
        for heading, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            title = heading or title
            if heading or piece.strip():
                words = f"{heading}\n{piece}"
                parted.setdefault(title, []).append({"cell_type": "markdown", "source": words})
    return parted


def needed(cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    r"""Leave out the sections that are marked as optional.

    >>> text = "## More\n\n*Optional: about 5 minutes.*"
    >>> needed([{"cell_type": "markdown", "source": text}])
    []
    """
    parted = sections(cells).values()
    return [cell for part in parted if not is_optional(part) for cell in part]


def is_optional(section: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether a section, as `sections` gives its cells, is marked as optional."""
    first = source(next(iter(section)))
    return first.partition("\n")[2].lstrip().startswith(OPTIONAL)


def source(cell: Mapping[str, Any]) -> str:
    """Give a cell's text, which a file may hold as lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)
