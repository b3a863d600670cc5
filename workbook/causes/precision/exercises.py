"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.bounds import sum_bound
from workbook.comparison import error_of
from workbook.floats import next_up, round_to, ulp_distance
from workbook.question import Exercise, Form, WrongAnswer
from workbook.wording import counted

TRIALS = 40


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
    mixed = torch.rand(400) - 0.25
    exact = mixed.double().sum()
    got = torch.as_tensor(total(mixed), dtype=torch.float64)
    bound = sum_bound(mixed, "float32", depth="any")
    near = error_of(got.reshape(1), exact.reshape(1), bound=bound)
    return near.within or "Every order gives one answer, but it is not the sum."


def _is_double_sum(total: Callable[[Tensor], Any]) -> bool:
    numbers = _wide()
    exact = numbers.double().sum()
    return bool(torch.as_tensor(total(numbers), dtype=torch.float64) in (exact, exact.float()))


def _ignores_its_input(total: Callable[[Tensor], Any]) -> bool:
    return bool(torch.as_tensor(total(_wide())) == torch.as_tensor(total(_wide()[:9])))


def _last_whole(last: int) -> bool | str:
    if last == 2**24:
        return True
    if abs(last) >= 2**63:
        return f"{last} is far above where it stops."
    total = torch.tensor(float(last), dtype=torch.float32)
    if total.item() != last:
        return f"{last} has no `float32`: the nearest is {total.item():.0f}."
    after = (total + 1).item()
    if after == last + 1:
        return f"From {last} one more step still works: it gives {after:.0f}."
    return f"From {last} a step gives {after:.0f}: counting stopped before."


def _next_up(above: float) -> bool | str:
    if above == next_up(1000.0, "float32"):
        return True
    if round_to(above, "float32") != above:
        return f"{above!r} lies between two values of `float32`."
    steps = int(ulp_distance(torch.tensor([above]), torch.tensor([1000.0])))
    side = "above" if above > 1000 else "below"
    return f"{above!r} is {counted(steps, 'step')} {side} 1000; it must be one step above."


LAST_WHOLE_NUMBER = Exercise(
    name="last_whole_number",
    task=(
        "`float32` keeps 24 bits of a number. Up to which whole number can a `float32` total count "
        "in steps of 1 without stopping?"
    ),
    stub="last = ...",
    form=Form("whole number"),
    check=_last_whole,
    wrong=(
        WrongAnswer.value(
            2**23, "Close: 23 bits are stored, and one more, the leading 1, is implied."
        ),
        WrongAnswer.value(
            2**24 + 1, "That number has no `float32`: it lies half way between two of them."
        ),
        WrongAnswer.value(
            2**24 - 1,
            "One more step works: the next number is a power of two and has its own bits.",
        ),
        WrongAnswer.value(
            2**25, "Above half of that, the spacing is 2 already: adding 1 is rounded away."
        ),
        WrongAnswer.value(
            2**31 - 1, "That is the largest `int32`. A float spends 8 of its bits on the exponent."
        ),
    ),
    hints=(
        "For `float16`, with 11 bits, the experiment above gave 2 to the power 11.",
        "Try `torch.tensor(2.0**k) + 1` for a few k and compare with `2.0**k`.",
    ),
    solution="2**24",
    because="Below it every whole number has its own bits; above it only every second one has.",
)
NEXT_VALUE = Exercise(
    name="next_value",
    task="Find the smallest `float32` above 1000, as a Python number.",
    stub="above = ...",
    form=Form("number"),
    check=lambda above: _next_up(float(above)),
    wrong=(
        WrongAnswer.value(
            1000 + torch.finfo(torch.float32).eps,
            "`eps` is the spacing just above 1. Just above 1000 the spacing is larger.",
        ),
        WrongAnswer(
            source="import math\nabove = math.nextafter(1000, 2000)",
            message="That is the next `float64`: Python's own numbers have 64 bits.",
        ),
    ),
    hints=(
        "The spacing is a power of two that depends on the size of the number.",
        "`torch.nextafter(a, b)` gives the next value after a in the direction of b.",
    ),
    solution="torch.nextafter(torch.tensor(1000.0), torch.tensor(2000.0)).item()",
    because="1000 lies between 2**9 and 2**10, so the spacing is 2**9 times `eps`.",
)
SAME_IN_ANY_ORDER = Exercise(
    name="same_in_any_order",
    task=(
        "Write `total(x)`: the sum of a `float32` tensor that has the same bits in whatever order "
        "the numbers come."
    ),
    stub="def total(x):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_same_in_any_order,
    wrong=(
        WrongAnswer(
            source="return x.sum()",
            message="The library's sum adds in the order it is given, so another order is rounded "
            "in other places.",
        ),
        WrongAnswer(
            source="return x.double().sum()",
            message="`float64` rounds less, but it rounds: these numbers differ so much in size "
            "that another order still gives another sum.",
            recognizes=_is_double_sum,
        ),
        WrongAnswer(
            source="return 0.0",
            message="One answer for every order, and for every tensor: it does not depend on x.",
            recognizes=_ignores_its_input,
        ),
    ),
    hints=(
        "If the order is the only thing that changes, take it away: put the numbers into an order "
        "of your own first.",
        "Or do not round on the way: `math.fsum` keeps every bit until the end.",
    ),
    solution="return x.sort().values.sum()",
    because="Sorting fixes the order; an exact sum makes the order irrelevant. Both are cures.",
)
