"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbook.bounds import sum_bound
from workbook.comparison import error_of
from workbook.floats import next_up
from workbook.question import Exercise, Form, WrongAnswer, agree

TRIALS, SEEDS = 40, 20
ADDED, MISSING = 10_000, 10
U = 2.0**-24


def _wide() -> Tensor:
    """Draw numbers that cancel from so high that float64 loses digits of their float32 sum."""
    high = torch.rand(400) * 2.0**40
    return torch.cat([high, torch.rand(400), -high])


def _same_in_any_order(total: Callable[[Tensor], Any]) -> bool | str:
    numbers = _wide()
    orders = [numbers[torch.randperm(len(numbers))] for _ in range(TRIALS)]
    sums = torch.stack([torch.as_tensor(total(order), dtype=torch.float64) for order in orders])
    if len(set(sums.tolist())) > 1:
        return f"{len(set(sums.tolist()))} different sums from {TRIALS} orders of the same numbers."
    positive = torch.rand(400)
    exact = positive.double().sum()
    got = torch.as_tensor(total(positive), dtype=torch.float64)
    bound = sum_bound(positive, "float32", depth="any")
    near = error_of(got.reshape(1), exact.reshape(1), bound=bound)
    return near.within or "Every order gives one answer, but it is not the sum."


def _is_plain_sum(total: Callable[[Tensor], Any]) -> bool:
    numbers = _wide()
    return bool(torch.as_tensor(total(numbers)) == numbers.sum())


def _is_double_sum(total: Callable[[Tensor], Any]) -> bool:
    numbers = _wide()
    exact = numbers.double().sum()
    return bool(torch.as_tensor(total(numbers), dtype=torch.float64) in (exact, exact.float()))


def _ignores_its_input(total: Callable[[Tensor], Any]) -> bool:
    return bool(torch.as_tensor(total(_wide())) == torch.as_tensor(total(_wide()[:9])))


def _samples() -> list[Tensor]:
    return [torch.tensor([1.0, U, U]), *(torch.rand(n) - 0.5 for n in (3, 5, 20))]


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


def _always(limit: Callable[[Tensor], Any], factor: Callable[[Tensor], float]) -> bool:
    """Say whether a limit is the right one times a factor, for every sample."""
    ratios = []
    for x in _samples():
        exact = 2 * (len(x) - 1) * U * float(x.double().abs().sum())
        ratios.append(float(limit(x)) / exact / factor(x))
    return all(abs(ratio - 1) <= 1e-2 for ratio in ratios)


def _alarms_and_misses(limit: Callable[[Tensor], Any]) -> tuple[int, int]:
    """Count false alarms at two honest loops, and faults that are not noticed."""
    alarms = misses = 0
    for seed in range(SEEDS):
        x = torch.rand(ADDED, generator=torch.Generator().manual_seed(seed))
        forward, backward = (float(np.add.accumulate(y.numpy())[-1]) for y in (x, x.flip(0)))
        most = float(limit(x))
        alarms += not abs(forward - backward) <= most
        planted = float(np.add.accumulate(x[MISSING:].numpy())[-1])
        misses += abs(forward - planted) <= most
    return alarms, misses


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


LAST_WHOLE_NUMBER = Exercise(
    name="last_whole_number",
    task=(
        "`float32` keeps 24 bits of a number. Up to which whole number can a `float32` total count "
        "in steps of 1 without stopping?"
    ),
    stub="last = ...",
    answer="last",
    form=Form("whole number"),
    check=lambda last: agree(last, 2**24),
    wrong=(
        WrongAnswer(
            source="last = 2**23",
            message="Close: 23 bits are stored, and one more, the leading 1, is implied.",
            recognizes=lambda last: last == 2**23,
        ),
        WrongAnswer(
            source="last = 2**24 + 1",
            message="That number has no `float32`: it lies half way between two of them.",
            recognizes=lambda last: last == 2**24 + 1,
        ),
        WrongAnswer(
            source="last = 2**24 - 1",
            message="One more step works: the next number is a power of two and has its own bits.",
            recognizes=lambda last: last == 2**24 - 1,
        ),
        WrongAnswer(
            source="last = 2**25",
            message="Above half of that, the spacing is 2 already: adding 1 is rounded away.",
            recognizes=lambda last: last == 2**25,
        ),
        WrongAnswer(
            source="last = 2**31 - 1",
            message="That is the largest `int32`. A float spends 8 of its bits on the exponent.",
            recognizes=lambda last: last == 2**31 - 1,
        ),
    ),
    hints=(
        "For `float16`, with 11 bits, the experiment above gave 2 to the power 11.",
        "Try `torch.tensor(2.0**k) + 1` for a few k and compare with `2.0**k`.",
    ),
    solution="last = 2**24",
    because="Below it every whole number has its own bits; above it only every second one has.",
)
NEXT_VALUE = Exercise(
    name="next_value",
    task="Find the smallest `float32` above 1000, as a Python number.",
    stub="above = ...",
    answer="above",
    form=Form("number"),
    check=lambda above: agree(float(above), next_up(1000.0, "float32")),
    wrong=(
        WrongAnswer(
            source="above = 1000 + torch.finfo(torch.float32).eps",
            message="`eps` is the spacing just above 1. Just above 1000 the spacing is larger.",
            recognizes=lambda above: above == 1000 + torch.finfo(torch.float32).eps,
        ),
        WrongAnswer(
            source="import math\nabove = math.nextafter(1000, 2000)",
            message="That is the next `float64`: Python's own numbers have 64 bits.",
            recognizes=lambda above: above == next_up(1000.0, "float64"),
        ),
    ),
    hints=(
        "The spacing is a power of two that depends on the size of the number.",
        "`torch.nextafter(a, b)` gives the next value after a in the direction of b.",
    ),
    solution="above = torch.nextafter(torch.tensor(1000.0), torch.tensor(2000.0)).item()",
    because="1000 lies between 2**9 and 2**10, so the spacing is 2**9 times `eps`.",
)
SAME_IN_ANY_ORDER = Exercise(
    name="same_in_any_order",
    task=(
        "Write `total(x)`: the sum of a `float32` tensor that has the same bits in whatever order "
        "the numbers come."
    ),
    stub="def total(x):\n    ...",
    answer="total",
    form=Form("function", returns=Form("anything")),
    check=_same_in_any_order,
    wrong=(
        WrongAnswer(
            source="def total(x):\n    return x.sum()",
            message="The library's sum adds in the order it is given, so another order is rounded "
            "in other places.",
            recognizes=_is_plain_sum,
        ),
        WrongAnswer(
            source="def total(x):\n    return x.double().sum()",
            message="`float64` rounds less, but it rounds: these numbers differ so much in size "
            "that another order still gives another sum.",
            recognizes=_is_double_sum,
        ),
        WrongAnswer(
            source="def total(x):\n    return 0.0",
            message="One answer for every order, and for every tensor: it does not depend on x.",
            recognizes=_ignores_its_input,
        ),
    ),
    hints=(
        "If the order is the only thing that changes, take it away: put the numbers into an order "
        "of your own first.",
        "Or do not round on the way: `math.fsum` keeps every bit until the end.",
    ),
    solution="def total(x):\n    return x.sort().values.sum()",
    because="Sorting fixes the order; an exact sum makes the order irrelevant. Both are cures.",
)
LIMIT_OF_A_SUM = Exercise(
    name="limit_of_a_sum",
    task=(
        "Write `limit(x)`: how far apart two sums of the `float32` vector x can be for certain, "
        "added in any two orders. Use depth · u · A for each, and no tolerance."
    ),
    stub="def limit(x):\n    ...",
    answer="limit",
    form=Form("function", returns=Form("number")),
    check=_right_limit,
    wrong=(
        WrongAnswer(
            source="def limit(x):\n    return ((len(x) - 1) * 2**-24 * x.abs().sum()).item()",
            message="That is how far one sum can be from the exact one. Two sums can err apart.",
            recognizes=lambda limit: _always(limit, lambda x: 0.5),
        ),
        WrongAnswer(
            source=("def limit(x):\n    return (2 * (len(x) - 1) * 2**-23 * x.abs().sum()).item()"),
            message="`eps` is the whole step above 1; one rounding moves a number by half of it.",
            recognizes=lambda limit: _always(limit, lambda x: 2.0),
        ),
        WrongAnswer(
            source="def limit(x):\n    return (2 * len(x) * 2**-24 * x.abs().sum()).item()",
            message="n numbers take n − 1 additions: the depth is n − 1.",
            recognizes=lambda limit: _always(limit, lambda x: len(x) / (len(x) - 1)),
        ),
        WrongAnswer(
            source=("def limit(x):\n    return (2 * (len(x) - 1) * 2**-24 * x.sum().abs()).item()"),
            message=(
                "Where signs differ the sum is small and the roundings are not: A is the sum of "
                "the sizes."
            ),
            recognizes=lambda limit: _always(
                limit, lambda x: abs(float(x.double().sum())) / float(x.double().abs().sum())
            ),
        ),
    ),
    hints=(
        "Every addition moves the total by at most u = 2**-24 times what it adds, and n numbers "
        "take n − 1 additions.",
        "Two results, each within its limit of the exact sum: add the two limits.",
    ),
    solution="def limit(x):\n    return (2 * (len(x) - 1) * 2**-24 * x.abs().sum()).item()",
    because="It is derived, holds for every order, and the example 1, 2**-24, 2**-24 reaches half.",
)
CATCH_THE_FAULT = Exercise(
    name="catch_the_fault",
    task=(
        "Two loops add the same 10,000 numbers between 0 and 1, forward and backward, in "
        "`float32`. In some runs a bug loses ten numbers. Write `limit(x)`: above it the "
        "difference is a fault. For 20 seeds it must raise no false alarm and notice every fault."
    ),
    stub="def limit(x):\n    ...",
    answer="limit",
    form=Form("function", returns=Form("number")),
    check=_catches,
    wrong=(
        WrongAnswer(
            source="def limit(x):\n    return (2 * (len(x) - 1) * 2**-24 * x.abs().sum()).item()",
            message="Too wide: certain, but ten numbers hide behind it. How far is *likely*?",
            recognizes=_too_wide,
        ),
        WrongAnswer(
            source="def limit(x):\n    return 1e-5 + 1.3e-6 * x.sum().item()",
            message="Too tight: honest loops are further apart at some seeds.",
            recognizes=_too_tight,
        ),
    ),
    hints=(
        "Roundings that pull both ways add up like the square root of the depth.",
        "6.5 · √depth · u · A for each of the two sums is exceeded by chance once in a billion.",
    ),
    solution=(
        "def limit(x):\n    return (2 * 6.5 * (len(x) - 1) ** 0.5 * 2**-24 * x.abs().sum()).item()"
    ),
    because=(
        "A limit is good if it is exceeded by no honest result and by every fault that matters. "
        "Both were tried."
    ),
    seconds=20.0,
)
