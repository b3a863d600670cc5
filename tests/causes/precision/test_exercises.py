"""Answers that pass by a loophole are refused, and what was tried is said."""

import math

import pytest
import torch

from workbook.causes.precision import (
    CATCH_THE_FAULT,
    LAST_WHOLE_NUMBER,
    LIMIT_OF_A_SUM,
    NEXT_VALUE,
    SAME_IN_ANY_ORDER,
)
from workbook.question import judge


@pytest.mark.parametrize(
    "total",
    [
        lambda x: x.double().sum().float(),
        lambda x: x.double().sum(),
        lambda x: x.sum(),
        lambda x: 0.0,
        lambda x: x.max(),
    ],
)
def test_loopholes_of_any_order(total) -> None:
    """Adding in float64 and rounding at the end still depends on the order."""
    torch.manual_seed(0)
    assert SAME_IN_ANY_ORDER.check(total) is not True


@pytest.mark.parametrize(
    "total", [lambda x: x.sort().values.sum(), lambda x: math.fsum(x.double().tolist())]
)
def test_both_cures_pass(total) -> None:
    """Sorting and exact addition give one sum in every order."""
    torch.manual_seed(0)
    assert SAME_IN_ANY_ORDER.check(total) is True


def test_a_limit_is_held_to_the_formula() -> None:
    """A wrong limit is told both numbers."""
    torch.manual_seed(0)
    said = LIMIT_OF_A_SUM.check(lambda x: 1e-6)
    assert "you allow 1e-06; the formula gives 2.38e-07" in said


@pytest.mark.parametrize("limit, said", [(1e9, "for 0, and the fault not noticed for 20"),
                                         (0.0, ", and the fault not noticed for 0"),
                                         (math.nan, "for 20, and")])  # fmt: skip
def test_a_bad_limit_is_counted(limit, said) -> None:
    """Too wide and too tight are told by the number of seeds."""
    assert said in CATCH_THE_FAULT.check(lambda x: limit)


@pytest.mark.parametrize(
    ("exercise", "answer", "said"),
    [
        (LAST_WHOLE_NUMBER, 1000, "one more step still works: it gives 1001"),
        (LAST_WHOLE_NUMBER, 2**24 + 4, "a step gives 16777220: counting stopped before"),
        (LAST_WHOLE_NUMBER, 2**24 + 3, "has no `float32`: the nearest is 16777220"),
        (LAST_WHOLE_NUMBER, 2**70, "far above where it stops"),
        (NEXT_VALUE, 1000.5, "8,192 steps above 1000"),
        (NEXT_VALUE, 999, "below 1000"),
        (NEXT_VALUE, 1000.0001, "lies between two values of `float32`"),
    ],
)
def test_a_miss_says_by_how_much(exercise, answer, said) -> None:
    """Of a number is told what it gives, and how far it is off."""
    assert said in judge(exercise, answer).message


@pytest.mark.parametrize("limit", [
    lambda x: 2.0, lambda x: 1e-3 * len(x) ** 0.5, lambda x: 2000, lambda x: 5 * x.abs().mean(),
    lambda x: 2 * 62 * 2**-24 * x.abs().sum(), *(
        lambda x, share=share: share * x.abs().sum() for share in (1e-6, 1e-5, 2e-5, 4e-5, 1e-4)),
])  # fmt: skip
def test_a_limit_that_is_guessed_does_not_pass(limit) -> None:
    """The numbers come in two sizes and two lengths, so that no constant and no share fits."""
    assert CATCH_THE_FAULT.check(limit) is not True
