"""The rows that a chapter writes: predictions, estimates, exercises, and how an answer comes out.

Owns their fields and what a row must have. Judging stands in `judging`.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbook.conditions import Conditions
from workbook.question.form import Form
from workbook.question.watched import STATES

Status = Literal["passed", "failed", "raised", "not attempted"]


@dataclass(frozen=True)
class Seen:
    """An answer held against a measurement: what was measured, in words, and whether it held.

    `feedback` is what speaks against the answer where it did not hold.
    """

    measured: str
    right: bool
    feedback: str = ""


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

    `because` is shown afterwards. `ascending` says that the options are numbers in that order,
    which readers see too; all others are shuffled. ValueError for fewer than two options or for
    one that comes twice.
    """

    name: str
    question: str
    options: tuple[Option, ...]
    measure: Callable[[], Any]
    because: str
    ascending: bool = False

    def __post_init__(self) -> None:
        texts = [each.text for each in self.options]
        if len(texts) < 2 or len(set(texts)) != len(texts):
            raise ValueError(f"options must be at least two different answers, got {texts}")

    @property
    def shown(self) -> tuple[Option, ...]:
        """Give the options in the order in which readers see them, the same on every machine.

        A hash of each option's text decides, so that the author's order gives nothing away.
        """
        if self.ascending:
            return self.options
        return tuple(sorted(self.options, key=self._key))

    def _key(self, option: Option) -> bytes:
        return hashlib.sha256(f"{self.name}\n{option.text}".encode()).digest()

    def measured(self) -> Option:
        """Give the option that holds, measured now on one thread with seed 0; all is put back.

        ValueError if none holds, or more than one.
        """
        with Conditions(threads=1, seed=0):
            measured = self.measure()
            right = [each for each in self.options if each.holds(measured)]
        if len(right) != 1:
            which = (
                " and ".join(f'"{each.text}"' for each in right) or f"none for {measured!r:.200}"
            )
            raise ValueError(f"exactly one option of {self.name} must hold; it is {which}")
        return right[0]

    def seen(self, choice: int) -> Seen:
        """Measure, and hold an option against the measurement: its place in `shown`, from 0."""
        chosen, measured = self.shown[choice], self.measured()
        right = chosen is measured
        return Seen(measured.text, right, "" if right else chosen.feedback)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A question whose answer is a positive number: readers give a range that is to cover it.

    `between` is where `measure()` comes out on every machine: twice the same number where it is
    exact. The reader's range may span a `factor` at most. `too_low` and `too_high` are for a range
    below and above what was measured. `unit` follows the numbers. ValueError where these do not go
    together.
    """

    name: str
    question: str
    measure: Callable[[], float]
    between: tuple[float, float]
    because: str
    too_low: str
    too_high: str
    unit: str = ""
    factor: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.between[0] <= self.between[1]:
            raise ValueError(f"between must be two ascending numbers above 0, got {self.between}")
        if not self.factor > 1:
            raise ValueError(f"factor must be above 1, got {self.factor}")

    def told(self, number: float) -> str:
        """Give the number in words: whole numbers as they are, others with three digits."""
        digits = f"{number:,.0f}" if float(number).is_integer() else f"{number:.3g}"
        return f"{digits} {self.unit}".rstrip()

    @property
    def everywhere(self) -> str:
        """Say what is measured, in words that are true on every machine."""
        low, high = self.between
        if low == high:
            return self.told(low)
        return f"between {self.told(low)} and {self.told(high)}, depending on the machine"

    def measured(self) -> float:
        """Give the number, measured now on one thread with seed 0; all is put back.

        ValueError if it is not in `between`.
        """
        with Conditions(threads=1, seed=0):
            number = float(self.measure())
        if not self.between[0] <= number <= self.between[1]:
            raise ValueError(f"{self.name} must come out {self.everywhere}; it is {number}")
        return number

    def checked(self, low: float, high: float) -> tuple[float, float]:
        """Give the range back; ValueError if it is none, or spans more than the factor."""
        if not 0 < low <= high:
            raise ValueError(
                f"a range goes from one number above 0 to a larger one, got {low:g} to {high:g}"
            )
        if high > self.factor * low:
            raise ValueError(
                f"a range spans at most a factor of {self.factor:g}, got {low:g} to {high:g}"
            )
        return low, high

    def seen(self, low: float, high: float) -> Seen:
        """Measure, and say whether the range covers what came out."""
        low, high = self.checked(low, high)
        number = self.measured()
        if low <= number <= high:
            return Seen(self.told(number), True)
        return Seen(self.told(number), False, self.too_low if high < number else self.too_high)


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """An answer that was foreseen, and what the reader who gives it is told.

    `source` is code in place of the stub's `...`. An answer is this one if the check judges it as
    it judges the source, and it gave the same in each call, but for rounding. `recognizes(answer)`,
    if there is one, decides instead: of a whole kind of answers, or where draws differ. It gets the
    reader's own answer, a function as it is; an exception means no.
    """

    source: str
    message: str
    recognizes: Callable[[Any], bool] | None = None

    @classmethod
    def value(cls, value: object, message: str) -> "WrongAnswer":
        """Foresee an answer by its value.

        >>> WrongAnswer.value("exp", "Which tensor does the last write change?").source
        "'exp'"
        """
        return cls(source=repr(value), message=message)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A task with a check of its answer, foreseen wrong answers, hints and a solution.

    `setup` is code for the names that the reader's notebook has by then. `stub` is the cell that
    the reader completes. `solution`, and the `source` of each of the `wrong` answers, may be
    written as the code that takes the place of the stub's `...`; code with a line that begins with
    the name of the answer is a whole cell. The row keeps whole cells. `answer` is the expression
    that is handed to the check after the cell was run: the name that the stub defines last, unless
    told. `form` is what kind of answer it is.

    `check(answer)` returns True, False, or a sentence that says why not. Where the form is a
    function or a module, the answer it gets is called as the reader's is, and what it returns is
    first held against `form.returns`. `because` is shown when it passes. `may_change` names those
    of STATES that the answer is allowed to leave changed. It may take `seconds`. With
    `any_values` the solution's numbers are some of many right ones, and no miss is told.
    """

    name: str
    task: str
    stub: str
    form: Form
    check: Callable[[Any], bool | str]
    wrong: tuple[WrongAnswer, ...]
    hints: tuple[str, ...]
    solution: str
    setup: str = "import torch"
    answer: str = ""
    because: str = ""
    may_change: tuple[str, ...] = ()
    seconds: float = 5.0
    any_values: bool = False

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, got {self.seconds}")
        unknown = [name for name in self.may_change if name not in STATES]
        if unknown:
            raise ValueError(f"may_change must name some of {', '.join(STATES)}; got {unknown}")
        if not self.answer:
            names = re.findall(r"^(?:def )?(\w+)", self.stub, re.MULTILINE)
            object.__setattr__(self, "answer", names[-1])
        cells = (replace(wrong, source=self._cell(wrong.source)) for wrong in self.wrong)
        object.__setattr__(self, "wrong", tuple(cells))
        object.__setattr__(self, "solution", self._cell(self.solution))

    def _cell(self, code: str) -> str:
        """Complete the stub with code, indented as its `...` is; a whole cell stays as it is."""
        name = re.match(r"\w+", self.answer)
        before, dots, after = self.stub.partition("...")
        if not dots or (name and re.search(rf"^(def |class )?{name[0]}\b", code, re.MULTILINE)):
            return code
        line = before.rpartition("\n")[2]
        margin = line[: len(line) - len(line.lstrip())]
        return before + code.replace("\n", f"\n{margin}") + after


@dataclass(frozen=True)
class Outcome:
    """What became of an answer, in one word of four, and what the reader is told.

    `tried` says of a failed answer what was tried with it, and by how much it missed.
    """

    status: Status
    message: str
    tried: str = ""
