"""Questions for the reader as plain data, and the judging of what they answer.

Owns predictions, exercises and outcomes. Knows nothing of notebooks: how a question looks on the
page is for `lesson`. A chapter writes frozen rows; `judge` says passed, failed, raised or not
attempted and why; `prove` tells a test what is wrong with a row.

A chapter's exercise, and the test that every chapter has::

    HALF_STALLS = Exercise(
        name="where float16 stalls",
        task="Find the smallest whole number n with float16(n) + 1 == float16(n).",
        setup="import torch",
        stub="n = ...",
        answer="n",
        form=Form("whole number"),
        check=lambda n: n == 2048,
        wrong=(
            WrongAnswer(
                source="n = 65504",
                message="65504 is the largest float16. It stalls long before.",
                recognizes=lambda n: n == 65504,
            ),
        ),
        hints=("float16 keeps 11 bits of a number.",),
        solution="n = 2**11",
    )

    @pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
    def test_exercise(exercise):
        assert prove(exercise) == []
"""

from workbook.question.form import Form, agree
from workbook.question.judging import NOT_ATTEMPTED, judge
from workbook.question.proof import prove
from workbook.question.rows import Exercise, Outcome, Prediction, WrongAnswer

__all__ = [
    "NOT_ATTEMPTED",
    "Exercise",
    "Form",
    "Outcome",
    "Prediction",
    "WrongAnswer",
    "agree",
    "judge",
    "prove",
]
