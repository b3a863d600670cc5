"""What a reader is told of an answer that failed: what was tried, and by how much it missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from workbook.lesson import check
from workbook.question import Exercise, Form, Outcome, judge

FUNCTION = "def f(x):\n    return ..."


def exercise(kind: str, stub: str, check: Callable[[Any], bool], solution: str, **more: Any) -> Any:
    """Make an exercise without hints and foreseen answers."""
    return Exercise(
        name="n", task="", stub=stub, form=Form(kind), check=check, wrong=(), hints=(),
        solution=solution, **more,
    )  # fmt: skip


def tried(solution: str, answer: Any, kind: str = "number") -> str:
    """What is told of a failed answer, where this is the solution."""
    row = exercise(kind, "n = ...", lambda _: False, solution)
    return judge(row, answer).tried


def tried_call(solution: str, answer: Callable[..., Any], *handed: Any) -> str:
    """The same for a function that the check calls once with each of these arguments."""
    row = exercise("function", FUNCTION, lambda f: [f(each) for each in handed] == [], solution)
    return judge(row, answer).tried


@pytest.mark.parametrize(
    ("solution", "answer", "words"),
    [
        ("16777216", 16777215, "You gave 16777215."),
        ("100", 50, "You gave 50, too small by a factor of about 2."),
        ("100", 130.5, "You gave 130.5."),
        ("-4", 4, "You gave 4, too large by about 8."),
        ("0", 3, "You gave 3, too large by about 3."),
        ("1.0", float("inf"), "You gave inf."),
    ],
)
def test_a_number_is_told_with_its_miss(solution: str, answer: float, words: str) -> None:
    """How far off it is has one digit, from a factor of two on: that does not give it away."""
    assert tried(solution, answer) == words


@pytest.mark.parametrize(("kind", "answer"), [("text", "b"), ("number", None), ("number", "16")])
def test_what_has_no_distance_is_not_told(kind: str, answer: object) -> None:
    """A text, or what is no number, has been told by the check."""
    assert tried("'a'" if kind == "text" else "2", answer, kind) == ""


def test_the_call_that_is_furthest_off_is_told() -> None:
    """Of several calls the worst is shown, with what was handed over."""
    told = tried_call("x * 2", lambda x: x * 2 if x < 5 else x, 1, 5)
    assert told == "Tried: `f(5)` gave 5, too small by a factor of about 2."


def test_a_tensor_is_told_by_its_largest_gap() -> None:
    """Shape, how many values differ and how far at most."""
    told = tried_call("x + 1", lambda x: x + torch.tensor([1.0, 1.5]), torch.zeros(2))
    assert told == (
        "Tried: `f(a tensor of 2)` gave a tensor of 2, 1 of 2 values not the solution's, by 0.5 "
        "at most."
    )


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("x.clone()", lambda x: x.clone()),
        ("{}", lambda _: {1: 2}),
        ("torch.rand(3)", lambda _: torch.rand(3)),  # both start from the same seed
    ],
)
def test_a_call_that_is_not_to_blame_is_not_told(solution: str, answer: Any) -> None:
    """Where the result is the solution's, or cannot be compared, something else failed."""
    assert tried_call(solution, answer, torch.zeros(2)) == ""


def test_a_module_is_told_by_its_weights() -> None:
    """Two layers of one shape are held side by side, number by number."""
    told = tried_call("torch.nn.PReLU(init=0.5)", lambda _: torch.nn.PReLU(), 3)
    assert told.endswith("gave PReLU, 1 of 1 values not the solution's, by 0.2 at most.")


@pytest.mark.parametrize("solution", ["1 / 0", "raise_ValueError"])
def test_a_solution_that_cannot_be_tried_is_no_error(solution: str) -> None:
    """The reader hears what the check says."""
    assert tried_call(solution, lambda _: 3, 3) == ""


def test_only_a_miss_is_told() -> None:
    """An answer that passes, or that nobody tried, is not compared."""
    row = exercise("number", "n = ...", lambda n: n == 2, "2")
    assert judge(row, 2) == Outcome("passed", "That is right.")
    assert judge(row, ...).tried == ""
    assert repr(check(row, 3)).endswith("answer yet. You gave 3.")


def test_one_of_many_right_values_is_no_measure() -> None:
    """Where any of many values is right, no answer is told how far it is from the solution's."""
    row = exercise("function", FUNCTION, lambda f: f(1) < 0, "0.5", any_values=True)
    assert judge(row, lambda x: 0.25).tried == ""
