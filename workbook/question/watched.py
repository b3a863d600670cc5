"""The reader's function as the check gets it: called as usual, and watched.

Owns what is noticed around one call: what came back, and what was left switched.
"""

from __future__ import annotations

import functools
from typing import Any

from workbook.question import states
from workbook.question.form import Form


class Unfit(Exception):
    """What a call gave back, or left behind, cannot be right; the message says why."""


class Untouched(Exception):
    """A call gave back the `...` of the stub."""


class Watched:
    """Stands in for a function or a module: calls go through, attributes are the original's.

    `answer` is the original, for a check that needs the very object.
    After each call, `drew` says whether random numbers have been drawn or seeded so far. A call
    raises Unfit where what it returns is not of the form `returns`, or where it leaves a state
    changed that is not among `may_change`; Untouched where it returns `...`.
    """

    def __init__(
        self, answer: Any, *, returns: Form | None, may_change: tuple[str, ...] = ()
    ) -> None:
        functools.update_wrapper(self, answer, updated=())
        self.answer = answer
        self.returns = returns
        self.may_change = may_change
        self.drew = False

    def __getattr__(self, name: str) -> Any:
        if "answer" not in self.__dict__:  # a copy that is still being made
            raise AttributeError(name)
        return getattr(self.answer, name)

    # The only function here that passes keywords on: it stands in for functions of any signature.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = states.read()
        value = self.answer(*args, **kwargs)
        changed = states.changes(before, states.read())
        drew = changed.pop(states.RANDOM_NUMBERS, None) is not None
        self.drew |= drew and states.RANDOM_NUMBERS not in self.may_change
        left = [words for name, words in changed.items() if name not in self.may_change]
        if left:
            raise Unfit(
                f"Your code leaves something switched that every later cell would feel: "
                f"{'; '.join(left)}. It was put back. `with Conditions(...)` puts back by itself."
            )
        if value is ...:
            raise Untouched
        if self.returns is None:
            return value
        value = self.returns.plain(value)
        misfit = self.returns.misfit(value, "What your code returns")
        if misfit is not None:
            raise Unfit(misfit)
        return value
