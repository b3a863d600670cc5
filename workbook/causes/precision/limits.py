"""The chapter's exercises on limits: one to compute, and one that has to catch a fault."""

from collections.abc import Callable
from functools import cache
from math import isclose
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook.question import Exercise, Form, WrongAnswer

# No share of A that is the same for all lengths passes: beside A, two honest long sums are further
# apart than the small number that a short sum loses.
SHORT, LONG, LONG_SEEDS, SEEDS = 100, 500_000, 8, 20
SMALL = 7.5e-4  # what a short sum loses; likely limits of it are half as large beside A
LARGEST = 1024
U = 2.0**-24


def _samples() -> list[Tensor]:
    # Thirds use all bits; a few multiples of 2**-24 would add up without rounding.
    return [torch.tensor([1.0, U, U]), *((torch.rand(n) - 0.5) / 3 for n in (3, 5, 20))]


def _right_limit(limit: Callable[[Tensor], Any]) -> bool | str:
    got, exact = [], []
    for x in _samples():
        got.append(float(limit(x)))
        exact.append(2 * (len(x) - 1) * U * float(x.double().abs().sum()))
    if all(abs(g - e) <= 1e-3 * e for g, e in zip(got, exact, strict=True)):
        return True
    return (
        f"For the numbers 1, 2**-24, 2**-24 you allow {got[0]:.3g}; the formula gives "
        f"{exact[0]:.3g}. For 20 numbers of both signs it is {got[-1]:.3g} and {exact[-1]:.3g}."
    )


@cache
def _runs() -> tuple[tuple[Tensor, float, float], ...]:
    """Give the numbers of each run, how far two honest loops are apart, and a loop with a fault."""
    runs = []
    for seed in range(SEEDS):
        count = LONG if seed < LONG_SEEDS else SHORT
        x = torch.rand(count, generator=torch.Generator().manual_seed(seed))
        x[0] = x[0] if seed < LONG_SEEDS else SMALL
        x = x * (LARGEST if seed % 2 else 1)  # a power of two: all else is scaled, bit for bit
        lost = x[max(1, count // 1000) :]
        forward, backward, planted = (
            float(np.add.accumulate(y.numpy())[-1]) for y in (x, x.flip(0), lost)
        )
        runs.append((x, abs(forward - backward), abs(forward - planted)))
    return tuple(runs)


def _alarms_and_misses(limit: Callable[[Tensor], Any]) -> tuple[int, int]:
    """Count false alarms at two honest loops, and faults that are not noticed."""
    alarms = misses = 0
    for x, honest, faulty in _runs():
        most = float(limit(x.clone()))
        alarms += not honest <= most
        misses += faulty <= most
    return alarms, misses


def _is_a_share(limit: Callable[[Tensor], Any]) -> bool:
    """Say whether a hundred times the same numbers have a hundred times the limit."""
    x = torch.rand(SHORT)
    return isclose(float(limit(x.repeat(100))), 100 * float(limit(x)), rel_tol=1e-3)


def _catches(limit: Callable[[Tensor], Any]) -> bool | str:
    alarms, misses = _alarms_and_misses(limit)
    if not alarms and not misses:
        return True
    return (
        f"Tried on {SEEDS} seeds: false alarm at two honest loops for {alarms}, and the fault not "
        f"noticed for {misses}."
    )


def _too_wide(limit: Callable[[Tensor], Any]) -> bool:
    return _alarms_and_misses(limit)[1] > 0


def _too_tight(limit: Callable[[Tensor], Any]) -> bool:
    return _alarms_and_misses(limit)[0] > 0


LIMIT_OF_A_SUM = Exercise(
    name="limit_of_a_sum",
    task=(
        "Write `limit(x)`: how far apart two sums of the `float32` vector x can be for certain, "
        "added in any two orders. Use depth · u · A for each, and no tolerance."
    ),
    stub="def limit(x):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_right_limit,
    wrong=(
        WrongAnswer(
            source="return ((len(x) - 1) * 2**-24 * x.abs().sum()).item()",
            message="That is how far one sum can be from the exact one. Two sums can err apart.",
        ),
        WrongAnswer(
            source="return (2 * (len(x) - 1) * 2**-23 * x.abs().sum()).item()",
            message="`eps` is the whole step above 1; one rounding moves a number by half of it.",
        ),
        WrongAnswer(
            source="return (2 * len(x) * 2**-24 * x.abs().sum()).item()",
            message="n numbers take n − 1 additions: the depth is n − 1.",
        ),
        WrongAnswer(
            source="return (2 * (len(x) - 1) * 2**-24 * x.sum().abs()).item()",
            message=(
                "Where signs differ the sum is small and the roundings are not: A is the sum of "
                "the sizes."
            ),
        ),
    ),
    hints=(
        "Every addition moves the total by at most u = 2**-24 times what it adds, and n numbers "
        "take n − 1 additions.",
        "Two results, each within its limit of the exact sum: add the two limits.",
    ),
    solution="return (2 * (len(x) - 1) * 2**-24 * x.abs().sum()).item()",
    because="It is derived, holds for every order, and the example 1, 2**-24, 2**-24 reaches half.",
)
CATCH_THE_FAULT = Exercise(
    name="catch_the_fault",
    task=(
        "Two loops add the same numbers, forward and backward, in `float32`. There are 100 or "
        "500,000 of them, from 0 to 1 or from 0 to 1024. In some runs a bug loses one number of "
        "a thousand, or a single small one of a hundred. Write `limit(x)`: above it the difference "
        "is a fault. For 20 seeds it must raise no false alarm and notice every fault."
    ),
    stub="def limit(x):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_catches,
    wrong=(
        WrongAnswer(
            source="return (2 * (len(x) - 1) * 2**-24 * x.abs().sum()).item()",
            message="Too wide: certain, but lost numbers hide behind it. How far is *likely*?",
            recognizes=lambda limit: _too_wide(limit) and not _too_tight(limit),
        ),
        WrongAnswer(
            source="return 2.0",
            message="A number without x: it fits numbers up to 1, and is too tight up to 1024.",
            recognizes=lambda limit: limit(torch.ones(3)) == limit(torch.zeros(9)) > 0,
        ),
        WrongAnswer(
            source="return 1e-5 * x.abs().sum().item()",
            message="A fixed share of A. Beside A, two honest sums of many numbers are further "
            "apart than the number that is lost from a few. How does it follow from the depth?",
            recognizes=_is_a_share,
        ),
        WrongAnswer(
            source="return 1e-7 * len(x) ** 0.4 * x.abs().sum().item()",
            message="Too tight: honest loops are further apart at some seeds.",
            recognizes=lambda limit: _too_tight(limit) and not _too_wide(limit),
        ),
    ),
    hints=(
        "Roundings that pull both ways add up like the square root of the depth.",
        "6.5 · √depth · u · A for each of the two sums is exceeded by chance once in a billion.",
    ),
    solution="return (2 * 6.5 * (len(x) - 1) ** 0.5 * 2**-24 * x.abs().sum()).item()",
    because=(
        "A limit is good if it is exceeded by no honest result and by every fault that matters. "
        "Both were tried, for 20 seeds and two lengths, and no fixed share of A passes them. What "
        "is derived holds for the twenty-first, and for the third length."
    ),
    seconds=20.0,
)
