"""Which predictions were answered in this process, and what waits for an answer.

Owns that record, as long as the process lives. Knows nothing of pages: an explorer that would give
an answer away waits here until the reader has committed.
"""

from collections.abc import Callable


class Answered:
    """The names of answered predictions, and what is done once one more is answered."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def add(self, name: str) -> None:
        """Count a prediction as answered, and do what waited for it, in order, once."""
        self._names.add(name)
        for then in self._waiting.pop(name, []):
            then()

    def when(self, name: str, then: Callable[[], None]) -> None:
        """Do `then` as soon as the prediction is answered: now, if it is.

        >>> answered, told = Answered(), []
        >>> answered.when("sum", lambda: told.append("open"))
        >>> answered.add("sum")
        >>> told
        ['open']
        """
        if name in self._names:
            then()
        else:
            self._waiting.setdefault(name, []).append(then)


ANSWERED = Answered()
"""The record of this process: predictions write here, explorers read."""
