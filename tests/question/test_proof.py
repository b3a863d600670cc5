"""Proving a row: each way in which an exercise can be unfit is found."""

import dataclasses

import pytest

from tests.question.proof import prove
from workbook.question import Exercise, Form, Option, Prediction, WrongAnswer

GOOD = Exercise(
    name="half",
    task="Give the half of `whole`.",
    setup="whole = 4",
    stub="half = ...",
    answer="half",
    form=Form("number"),
    check=lambda half: half == 2,
    wrong=(
        WrongAnswer(
            source="half = whole * 2",
            message="That is the double.",
            recognizes=lambda half: half == 8,
        ),
    ),
    hints=("Divide.",),
    solution="half = whole / 2",
)


def test_a_fit_exercise_has_no_problems():
    """An exercise whose own code is judged as it should be has no problems."""
    assert prove(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hints": ()}, "there is no hint"),
        ({"wrong": ()}, "no wrong answer is foreseen"),
        ({"wrong": GOOD.wrong * 2}, "two wrong answers get: That is the double."),
        ({"stub": "half = 0"}, "the stub must be judged not attempted, it is failed"),
        ({"solution": "half = 3"}, "the solution must be judged passed, it is failed"),
        ({"solution": "half = 1 / 0"}, "the solution gives ZeroDivisionError"),
        ({"solution": "half ="}, "the solution gives SyntaxError"),
        ({"setup": ""}, "the solution gives NameError"),
        ({"answer": "quarter"}, "the stub gives NameError"),
        ({"check": lambda half: None}, "the solution gives TypeError"),
        ({"check": lambda half: True}, "must be judged failed, it is passed"),
    ],
)
def test_a_problem_is_named(changes, problem):
    """Whatever is unfit about a row is named."""
    assert problem in "\n".join(prove(dataclasses.replace(GOOD, **changes)))


def test_a_message_that_never_comes_is_named():
    """A wrong answer whose recognizer misses it is found, with what the reader would read."""
    wrong = dataclasses.replace(GOOD.wrong[0], recognizes=lambda half: False)
    problems = prove(dataclasses.replace(GOOD, wrong=(wrong,)))
    assert problems == [
        "the wrong answer 'half = whole * 2' must be told 'That is the double.', "
        "it is told 'That is not the answer yet.'"
    ]


def test_the_lines_of_a_row_are_known():
    """An error in a row's own code is reported with the text of its line."""
    row = dataclasses.replace(
        GOOD,
        form=Form("function"),
        check=lambda f: f() == 2,
        stub="def half(): ...",
        solution="def half():\n    return whole / nothing",
        wrong=GOOD.wrong,
    )
    assert "at line 2, `return whole / nothing`" in "\n".join(prove(row))


RIGHT, OTHER, THIRD = Option("3", bool), Option("4", bool, "Not four."), Option("5", bool, "No.")


@pytest.mark.parametrize(
    ("options", "ascending", "problem"),
    [
        ((RIGHT, OTHER), False, "there are only two options"),
        ((RIGHT, OTHER, Option("6", bool)), False, "these do: 3; 6"),
        ((RIGHT, OTHER, Option("6", bool, "Not four.")), False, "two options get: Not four."),
        ((OTHER, THIRD, Option("many", bool)), True, "only numbers ascend"),
    ],
)
def test_a_weak_prediction_is_named(options, ascending, problem):
    """Too few options, a wrong one without words of its own, a wrong claim of ascending."""
    row = Prediction("n", "?", options, bool, "", ascending=ascending)
    assert problem in "\n".join(prove(row))


def test_a_fit_prediction_has_no_problems():
    """Three options, of which only the right one has no feedback."""
    assert prove(Prediction("n", "?", (RIGHT, OTHER, THIRD), bool, "", ascending=True)) == []
