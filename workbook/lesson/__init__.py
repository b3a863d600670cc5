"""Lesson parts for a notebook: predictions to commit to, and exercises that check themselves.

Owns how questions look and are answered on the page. What is asked, measured and judged comes from
`question`; nothing here knows a number.
"""

from workbook import lab_extra

with lab_extra("workbook.lesson"):
    from workbook.lesson.answers import Remedies, Report, remedies, report
    from workbook.lesson.attempting import attempt
    from workbook.lesson.card import Card, machine_card
    from workbook.lesson.claims import claim
    from workbook.lesson.detective import Detective, investigate
    from workbook.lesson.notes import Note, check, hint, solution
    from workbook.lesson.predictor import Predictor, predict
    from workbook.lesson.progress import Progress, progress
    from workbook.lesson.tally import Tally

__all__ = [
    "Card",
    "Detective",
    "Note",
    "Predictor",
    "Progress",
    "Remedies",
    "Report",
    "Tally",
    "attempt",
    "check",
    "claim",
    "hint",
    "investigate",
    "machine_card",
    "predict",
    "progress",
    "remedies",
    "report",
    "solution",
]
