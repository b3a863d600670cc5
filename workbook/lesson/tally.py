"""How often a reader who was sure was right.

Owns the first answers to predictions and what is said of them. The file that keeps them stands in
`kept`.
"""

from workbook.lesson.kept import KEPT_HERE, Given, Kept

SURE = 80
"""Percent from which a prediction counts as confident."""


class Tally:
    """The first answer to each prediction: how sure the reader was, and whether it was right."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept(None)
        self._given = {
            name: given for (kind, name), given in self._kept.read().items() if kind == "prediction"
        }

    def before(self, name: str) -> Given | None:
        """Give the first answer to a prediction, None if there is none."""
        return self._given.get(name)

    def add(self, name: str, confidence: int, right: bool) -> str:
        """Count a prediction, unless one of that name is counted; a sentence if it is not kept."""
        if name in self._given:
            return ""
        self._given[name] = Given("prediction", name, right, confidence)
        return self._kept.add(self._given[name])

    def sentence(self) -> str:
        """Say how the confident predictions fared; empty until there are two.

        >>> tally = Tally()
        >>> for name, sure, right in (("a", 90, True), ("b", 80, False), ("c", 10, False)):
        ...     _ = tally.add(name, sure, right)
        >>> tally.sentence()
        'So far you were at least 80 % sure of 2 predictions, and 1 of them was right.'
        """
        sure = [each.held for each in self._given.values() if (each.confidence or 0) >= SURE]
        if len(sure) < 2:
            return ""
        verb = "was" if sum(sure) == 1 else "were"
        return (
            f"So far you were at least {SURE} % sure of {len(sure)} predictions, "
            f"and {sum(sure) or 'none'} of them {verb} right."
        )


THIS_KERNEL = Tally(KEPT_HERE)
"""What the reader of this notebook has answered, in it and in those beside it."""
