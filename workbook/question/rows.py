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
class Option:
    """An answer in words that are true on every machine, and what makes it the right one.

    `holds(found)` gets what the prediction measured: a finding, as a rule. `feedback` is for a
    reader who chose this option where another one holds. Backquotes in the texts mark code.
    """

    text: str
    holds: Callable[[Any], bool]
    feedback: str = ""


@dataclass(frozen=True)
class Prediction:
    """A question with a few options, of which one holds for what `measure()` finds here and now.

    `because` is shown afterwards. ValueError for fewer than two options or for one that comes
    twice.
    """

    name: str
    question: str
    options: tuple[Option, ...]
    measure: Callable[[], Any]
    because: str

    def __post_init__(self) -> None:
        texts = [each.text for each in self.options]
        if len(texts) < 2 or len(set(texts)) != len(texts):
            raise ValueError(f"options must be at least two different answers, got {texts}")

    def measured(self) -> Option:
        """Give the option that holds, measured now on one thread with seed 0; all is put back.

        ValueError if none holds, or more than one.
        """
        with Conditions(threads=1, seed=0):
            found = self.measure()
            right = [each for each in self.options if each.holds(found)]
        if len(right) != 1:
            which = " and ".join(f'"{each.text}"' for each in right) or f"none for {found!r:.200}"
            raise ValueError(f"exactly one option of {self.name} must hold; it is {which}")
        return right[0]


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
