"""Exercises on the page: the outcome of a check, a hint, a solution.

Owns the small boxes that show them. Judging is done in `question`.
"""

import html
from dataclasses import dataclass

from workbook.lesson.kept import KEPT_HERE, Given, Kept
from workbook.lesson.markup import inline
from workbook.question import Exercise, judge

# Words first: the sign and the color repeat them.
_HEADS = {
    "passed": ("✓", "Passed", "var(--jp-success-color1, #388e3c)"),
    "failed": ("✗", "Not yet", "var(--jp-warn-color1, #f57c00)"),
    "raised": ("⚠", "Your code raised an error", "var(--jp-error-color1, #d32f2f)"),
    "not attempted": ("○", "Not attempted", "var(--jp-border-color1, #9e9e9e)"),
}
# JupyterLab's command mode listens for x, dd and b, but not where this is on the focused element.
OWN_KEYS = "data-lm-suppress-shortcuts='true'"
_BOX = (
    "max-width:676px;padding:6px 12px;margin:4px 0;border:1px solid gray;border-left:5px solid gray"
)


@dataclass(frozen=True, kw_only=True)
class Note:
    """A heading and a text, and code where there is some; shown as HTML or as plain text.

    `covered` notes are closed: the reader opens them, also where no kernel runs.
    """

    heading: str
    text: str = ""
    code: str = ""
    sign: str = ""
    color: str = ""
    covered: bool = False

    def __repr__(self) -> str:
        body = "\n".join(part for part in (self.code, self.text) if part)
        gap = "\n" if self.code else " "
        return f"{self.heading}.{gap}{body}".rstrip()

    def _repr_html_(self) -> str:
        code = html.escape(self.code, quote=False)
        body = f"<pre style='margin:8px 0'><code>{code}</code></pre>" if code else ""
        body += f"<p style='margin:4px 0'>{inline(self.text)}</p>" if self.text else ""
        heading = inline(self.heading)
        if self.covered:
            return f"<details><summary {OWN_KEYS}>{heading}</summary>{body}</details>"
        sign = f"<span aria-hidden='true'>{self.sign}</span> " if self.sign else ""
        box = f"{_BOX};border-color:{self.color}" if self.color else _BOX
        return f"<div style='{box}'><strong>{sign}{heading}</strong>{body}</div>"


def check(exercise: Exercise, answer: object, *, kept: Kept = KEPT_HERE) -> Note:
    """Judge the reader's answer and say what became of it; make it the last line of a cell.

    An answer that was not attempted is told its task. That it passed is kept.
    """
    outcome = judge(exercise, answer)
    sign, words, color = _HEADS[outcome.status]
    heading = f"{words}: {_title(exercise)}"
    task = exercise.task if outcome.status == "not attempted" else ""
    passed = outcome.status == "passed"
    trouble = kept.add(Given("exercise", exercise.name, True)) if passed else ""
    text = " ".join(filter(None, (task, outcome.message, outcome.tried, trouble)))
    return Note(heading=heading, text=text, sign=sign, color=color)


def hint(exercise: Exercise, n: int = 1) -> Note:
    """Show the n-th hint, covered, counted from 1; ValueError says how many there are."""
    count = len(exercise.hints)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= count:
        raise ValueError(f"{exercise.name} has hints 1 to {count}, got {n!r}")
    return Note(heading=f"Hint {n} of {count}", text=exercise.hints[n - 1], covered=True)


def solution(exercise: Exercise) -> Note:
    """Show one solution, covered."""
    return Note(
        heading=f"A solution: {_title(exercise)}",
        text=exercise.because,
        code=exercise.solution.strip("\n"),
        covered=True,
    )


def _title(exercise: Exercise) -> str:
    return exercise.name.replace("_", " ")
