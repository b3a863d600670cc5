"""The rows that a chapter writes: predictions and exercises. And the outcome of judging one.

Owns their fields and what a row must have. Judging is next door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from workbook.conditions import Conditions
from workbook.question.form import Form
from workbook.question.watched import STATES

Status = Literal["passed", "failed", "raised", "not attempted"]


@dataclass(frozen=True)
class Prediction:
    """A question with a few answers in words, and the function that measures which one holds.

    `measure()` returns one of the options, found here and now; `because` is shown afterwards.
    Options are words that are true on every machine. ValueError for fewer than two options or for
    one that comes twice. Backquotes in the texts mark code.
    """

    name: str
    question: str
    options: tuple[str, ...]
    measure: Callable[[], str]
    because: str

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) != len(self.options):
            raise ValueError(
                f"options must be at least two different answers, got {self.options!r}"
            )

    def measured(self) -> str:
        """Give the option that holds, measured now on one thread with seed 0; all is put back.

        ValueError if `measure` gives something that is not an option.
        """
        with Conditions(threads=1, seed=0):
            found = self.measure()
        if found not in self.options:
            allowed = ", ".join(f'"{option}"' for option in self.options)
            raise ValueError(f"{self.name} must measure one of {allowed}; got {found!r}")
        return found


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """An answer that was foreseen: source code that gives it, and what the reader is told then.

    `recognizes(answer)` gets the reader's own answer, a function as it is; an exception in it
    means no.
    """

    source: str
    message: str
    recognizes: Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A task with a check of its answer, foreseen wrong answers, hints and a solution.

    `setup` is code for the names that the reader's notebook has by then. `stub` is the cell that
    the reader completes, `solution` the same cell completed. `answer` is the expression after it,
    such as `"n"`, that is handed to the check. `form` is what kind of answer it is.

    `check(answer)` returns True, False, or a sentence that says why not. Where the form is a
    function or a module, the answer it gets is called as the reader's is, and what it returns is
    first held against `form.returns`. `because` is shown when it passes. `may_change` names those
    of STATES that the answer is allowed to leave changed. It may take `seconds`.
    """

    name: str
    task: str
    stub: str
    answer: str
    form: Form
    check: Callable[[Any], bool | str]
    wrong: tuple[WrongAnswer, ...]
    hints: tuple[str, ...]
    solution: str
    setup: str = "import torch"
    because: str = ""
    may_change: tuple[str, ...] = ()
    seconds: float = 5.0

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, got {self.seconds}")
        unknown = [name for name in self.may_change if name not in STATES]
        if unknown:
            raise ValueError(f"may_change must name some of {', '.join(STATES)}; got {unknown}")


@dataclass(frozen=True)
class Outcome:
    """What became of an answer, in one word of four, and what the reader is told."""

    status: Status
    message: str
