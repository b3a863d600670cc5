"""How often a reader was right who was sure. Lives as long as the kernel and is never saved."""

from __future__ import annotations

from dataclasses import dataclass, field

SURE = 80
"""Percent from which a prediction counts as confident."""


@dataclass
class Tally:
    """The first answer to each prediction: how sure the reader was, and whether it was right."""

    answers: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def add(self, name: str, confidence: int, right: bool) -> None:
        """Count a prediction, unless one of that name is counted already."""
        self.answers.setdefault(name, (confidence, right))

    def sentence(self) -> str:
        """Say how the confident predictions fared; empty until there are two.

        >>> tally = Tally({"a": (90, True), "b": (80, False), "c": (10, False)})
        >>> tally.sentence()
        'So far you were at least 80 % sure of 2 predictions, and 1 of them was right.'
        """
        sure = [right for confidence, right in self.answers.values() if confidence >= SURE]
        if len(sure) < 2:
            return ""
        verb = "was" if sum(sure) == 1 else "were"
        return (
            f"So far you were at least {SURE} % sure of {len(sure)} predictions, "
            f"and {sum(sure) or 'none'} of them {verb} right."
        )
