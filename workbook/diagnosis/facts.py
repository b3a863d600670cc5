"""What a run was seen to use: a set of words that says which interventions can matter.

Owns the words and the counting of training: how many dropout, normalization and module calls had
been made when backward was last called, so that a call in training is told from one after it.
"""

from __future__ import annotations

from typing import Any


class Facts:
    """The words and numbers of one run; one object for a child process."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.counts: dict[str, int] = {}
        self.lists: dict[str, list[Any]] = {}

    def add(self, word: str) -> None:
        self.words.add(word)

    def count(self, name: str) -> int:
        """Count one more and return its number, from 1."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def append(self, name: str, value: Any) -> None:
        row = self.lists.setdefault(name, [])
        if len(row) < 10_000 and value not in row[-1:]:
            row.append(value)

    def start(self) -> None:
        """Forget everything: a new call begins."""
        self.words, self.counts, self.lists = set(), {}, {}

    def to_json(self) -> dict[str, Any]:
        return {"words": sorted(self.words), "counts": self.counts, "lists": self.lists}


FACTS = Facts()
