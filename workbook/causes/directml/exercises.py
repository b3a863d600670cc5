"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.causes.directml.sides import Compute
from workbook.floats import format_of
from workbook.question import Exercise, Form, WrongAnswer, agree
from workbook.simulated import SimulatedAccelerator

MATRIX = Form("tensor", shape=(64, 64), dtype="float32")
SINGLE, DOUBLE = format_of("float32").epsilon, format_of("float64").epsilon


def _simulated(a: Tensor, b: Tensor) -> Tensor:
    with SimulatedAccelerator():
        return torch.matmul(a, b)


def _in_bfloat16(a: Tensor, b: Tensor) -> Tensor:
    """Add in bfloat16, and label the result as the operands are."""
    total = torch.zeros(a.shape[0], b.shape[1], dtype=torch.bfloat16)
    for k in range(a.shape[1]):
        total = total + (a[:, k : k + 1] * b[k : k + 1]).bfloat16()
    return total.to(a.dtype)


def _off_by_one(a: Tensor, b: Tensor) -> Tensor:
    return torch.matmul(a, b) + 1


def _one_element(a: Tensor, b: Tensor) -> Tensor:
    product = torch.matmul(a, b)
    product[0, 0] -= 2
    return product


def _fair_difference(difference: Callable[[Compute, Compute], Any]) -> bool | str:
    if float(difference(torch.matmul, torch.matmul)) != 0:
        return "Two sides that multiply in one way must come out 0 apart."
    misfits = [
        misfit
        for side in _handed(difference)
        for pair in side
        for each in pair
        if (misfit := MATRIX.misfit(each, "A matrix that you hand over"))
    ]
    if misfits:
        return misfits[0]
    if abs(float(difference(torch.matmul, _off_by_one)) - 1) > 0.1:
        return "A side whose elements are all larger by 1 must come out about 1 apart."
    if abs(float(difference(torch.matmul, _one_element)) - 2) > 0.1:
        return "Where one element alone is off by 2, the largest difference is about 2."
    apart = float(difference(torch.matmul, _simulated))
    if apart == 0:
        return (
            "Another order of additions comes out 0 apart: with these numbers nothing rounds, so "
            "they cannot show a difference. Draw them."
        )
    return apart < 0.1 or "The simulated accelerator must come out a rounding apart."


def _handed(difference: Callable[[Compute, Compute], Any]) -> list[list[tuple[Tensor, Tensor]]]:
    """List the matrices that each of the two ways was called with."""
    handed: list[list[tuple[Tensor, Tensor]]] = [[], []]

    def way(side: int) -> Compute:
        def multiply(a: Tensor, b: Tensor) -> Tensor:
            handed[side].append((a.clone(), b.clone()))
            return torch.matmul(a, b)

        return multiply

    difference(way(0), way(1))
    return handed


def _draws_twice(difference: Callable[[Compute, Compute], Any]) -> bool:
    (ours, *_), (theirs, *_) = _handed(difference)
    return not any(torch.equal(a, b) for a in ours for b in theirs)


def _turns_round(difference: Callable[[Compute, Compute], Any]) -> bool:
    (ours, *_), (theirs, *_) = _handed(difference)
    return all(map(torch.equal, ours, theirs[::-1])) and not all(map(torch.equal, ours, theirs))


def _one_side(difference: Callable[[Compute, Compute], Any]) -> bool:
    return not all(_handed(difference))


def _true_epsilon(epsilon: Callable[[Compute], Any]) -> bool | str:
    if not agree(float(epsilon(torch.matmul)), DOUBLE):
        return "For `torch.matmul` on the CPU it must come out as `float64` promises."
    if not agree(float(epsilon(_simulated)), SINGLE):
        return "For the simulated accelerator it came out as something else."
    narrow = agree(float(epsilon(_in_bfloat16)), format_of("bfloat16").epsilon)
    return narrow or "For a product that works in `bfloat16` it came out as something else."


FAIR_COMPARISON = Exercise(
    name="fair_comparison",
    task=(
        "Repair the program: write `difference(ours, theirs)`, the largest difference between two "
        "ways to multiply. Each way is called with two `float32` matrices, 64 by 64."
    ),
    stub="def difference(ours, theirs):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_fair_difference,
    wrong=(
        WrongAnswer(
            source=(
                "x = ours(torch.rand(64, 64), torch.rand(64, 64))\n"
                "y = theirs(torch.rand(64, 64), torch.rand(64, 64))\n"
                "return (x - y).abs().max().item()"
            ),
            message="Each side still draws its own matrices. Draw two, and hand both to both.",
            recognizes=_draws_twice,
        ),
        WrongAnswer(
            source=(
                "a, b = torch.rand(64, 64), torch.rand(64, 64)\n"
                "return (ours(a, b) - theirs(b, a)).abs().max().item()"
            ),
            message="Both ways get the same two matrices, the second in the other order: that is "
            "another product.",
            recognizes=_turns_round,
        ),
        WrongAnswer(
            source=(
                "a, b = torch.rand(64, 64), torch.rand(64, 64)\n"
                "return (ours(a, b) - ours(a, b)).abs().max().item()"
            ),
            message="The second way is never called, so it cannot differ.",
            recognizes=_one_side,
        ),
    ),
    hints=(
        "Draw before you call either way.",
        "`a, b = torch.rand(64, 64), torch.rand(64, 64)`, then `ours(a, b)` and `theirs(a, b)`.",
    ),
    solution=(
        "a, b = torch.rand(64, 64), torch.rand(64, 64)\n"
        "return (ours(a, b) - theirs(a, b)).abs().max().item()"
    ),
    because="Only the way differs between the sides now, so the difference is the way's.",
)
LOOP = """{0}, ones = {1}, torch.ones(2, 1, dtype=torch.float64)
while multiply(torch.tensor([[1, {2}]], dtype=torch.float64), ones) != 1:
    {3}
return {0}"""
TRUE_EPSILON = Exercise(
    name="true_epsilon",
    task=(
        "Write `epsilon(multiply)`: the smallest power of two, `2.0**-k`, that still counts when "
        "`multiply` adds it to 1. Give it `float64` matrices and trust no label."
    ),
    stub="def epsilon(multiply):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_true_epsilon,
    wrong=(
        WrongAnswer(
            source=LOOP.format("e", "1.0", "e", "e = e / 2"),
            message="One step too far: this is the first that no longer counts.",
        ),
        WrongAnswer(
            source=LOOP.format("k", "0", "2.0**-k / 2", "k += 1"),
            message="The number that still counts is asked for, `2.0**-k`, and not k.",
            recognizes=lambda epsilon: epsilon(torch.matmul) in (52, 2.0**52),
        ),
        WrongAnswer(
            source=LOOP.format("e", "1.0", "e / 10", "e = e / 10"),
            message="That is no power of two: halve, step by step.",
            recognizes=lambda epsilon: (e := epsilon(torch.matmul)) > 0 and math.frexp(e)[0] != 0.5,
        ),
        WrongAnswer(
            source="return torch.finfo(torch.float64).eps",
            message="That is what the label promises. Multiply, and look at what comes out.",
        ),
        WrongAnswer(
            source=(
                "e = 1.0\n"
                "while multiply(torch.tensor([[1, e / 2]]), torch.ones(2, 1)) != 1:\n"
                "    e = e / 2\n"
                "return e"
            ),
            message="These matrices are `float32`, so that is all that you can measure.",
        ),
    ),
    hints=(
        "The row `[1, e]` times the column `[1, 1]` is `1 + e`, added by the product itself.",
        "Halve `e` as long as the product is not 1. Both matrices need `dtype=torch.float64`.",
    ),
    solution=LOOP.format("e", "1.0", "e / 2", "e = e / 2"),
    because="An epsilon that is measured cannot be mislabeled.",
)
