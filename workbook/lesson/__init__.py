"""Lesson parts for a notebook: predictions to commit to, and exercises that check themselves.

Owns how questions look and are answered on the page. What is asked, measured and judged comes from
`question`; nothing here knows a number.
"""

from workbook.lesson.card import Card, machine_card
from workbook.lesson.claims import claim
from workbook.lesson.notes import Note, check, hint, solution
from workbook.lesson.predictor import Predictor, predict
from workbook.lesson.tally import Tally

__all__ = [
    "Card",
    "Note",
    "Predictor",
    "Tally",
    "check",
    "claim",
    "hint",
    "machine_card",
    "predict",
    "solution",
]
