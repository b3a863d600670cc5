"""The chapter's exercise: the intervention that the reader will need most often."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.question import Exercise, Form, WrongAnswer

Function = Callable[[], Tensor]


def _draws() -> Tensor:
    return torch.rand(8)


def _counts(step: float) -> Function:
    """Make a function that gives `step` more in each call, and draws nothing."""
    calls = [1.0]

    def count() -> Tensor:
        calls[0] += step
        return torch.tensor(calls)

    return count


def _right(agrees: Callable[[Function], Any]) -> bool | str:
    torch.rand(3)  # so that the generator stands elsewhere than where its seed had put it
    if agrees(_draws) is not True:
        return (
            "A function that only draws must agree: put the generator back before each call, and "
            "compare the numbers."
        )
    if agrees(_counts(1.0)) is not False:
        return "A function that counts its calls must not agree, whatever the generator does."
    if agrees(_counts(2.0**-23)) is not False:
        return "Two results that differ in the last bit do not agree."
    return True


def _agrees_from_the_seed(agrees: Callable[[Function], Any]) -> bool:
    torch.manual_seed(0)
    return agrees(_draws) is True


def _goes_on(agrees: Callable[[Function], Any]) -> bool:
    """Say whether the second call draws what comes in the stream after the first one's numbers."""
    states = []

    def draws() -> Tensor:
        states.append(torch.get_rng_state())
        return torch.rand(8)

    agrees(draws)
    torch.set_rng_state(states[0])
    torch.rand(8)
    return torch.equal(torch.get_rng_state(), states[1])


_ANSWER = """def agrees(function):
    state = torch.get_rng_state()
    first = function()
    {}
    return torch.{}(first, function())"""

SAME_DRAWS_TWICE = Exercise(
    name="same_draws_twice",
    task=(
        "Write `agrees(function)`: call the function, which takes no arguments and returns a "
        "tensor, twice, each time with torch's generator in the same state. Return True if all "
        "numbers of the two results are equal, else False."
    ),
    stub="def agrees(function):\n    ...",
    form=Form("function", returns=Form("true or false")),
    check=_right,
    wrong=(
        WrongAnswer(
            source=_ANSWER.format("torch.manual_seed(torch.initial_seed())", "equal"),
            message="A seed says where the generator started, not where it stood before the first "
            "call: keep its state.",
            recognizes=lambda agrees: _agrees_from_the_seed(agrees) and agrees(_draws) is False,
        ),
        WrongAnswer(
            source=_ANSWER.format("pass", "equal"),
            message="The generator goes on between your two calls, so all draws differ.",
            recognizes=_goes_on,
        ),
        WrongAnswer(
            source=_ANSWER.format("torch.set_rng_state(state)", "allclose"),
            message="A tolerance hides the last bits, and they are what you look for.",
        ),
    ),
    hints=(
        "`torch.get_rng_state()` keeps the state, `torch.set_rng_state(state)` puts it back.",
        "`torch.equal` compares without a tolerance.",
    ),
    solution=_ANSWER.format("torch.set_rng_state(state)", "equal"),
    because="If this says True where two plain calls differ, the draws are the cause.",
    may_change=("random numbers",),
)
