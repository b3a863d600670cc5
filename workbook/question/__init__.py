"""Questions for the reader as plain data, and the judging of what they answer.

Owns predictions, exercises and outcomes. Knows nothing of notebooks: how a question looks on the
page is for `lesson`. A chapter writes frozen rows; `judge` says passed, failed, raised or not
attempted and why.
"""

from workbook.question.answered import ANSWERED, Answered
from workbook.question.form import Form, agree
from workbook.question.judging import NOT_ATTEMPTED, judge
from workbook.question.rows import (
    Estimate,
    Exercise,
    Option,
    Outcome,
    Prediction,
    Seen,
    WrongAnswer,
)

__all__ = [
    "ANSWERED",
    "NOT_ATTEMPTED",
    "Answered",
    "Estimate",
    "Exercise",
    "Form",
    "Option",
    "Outcome",
    "Prediction",
    "Seen",
    "WrongAnswer",
    "agree",
    "judge",
]
