"""Chaos in a recurrent network: h -> tanh(gain W h), two ways.

Owns one experiment. The factor is one ULP in one entry of the state, or the format.
"""

import math

import torch
from torch import Tensor

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Integer, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

WIDTH = 128
LARGE = 0.1
NUDGE, NUDGE_DOUBLE, FORMATS = CHANGES = (
    "one ULP in one entry, float32", "one ULP in one entry, float64", "float32 and float64",
)  # fmt: skip


def two_states(where: Conditions, *, gain: float, change: str, steps: int) -> Finding:
    """Run the same network twice, changed as asked, and follow the distance of the states."""
    # Uniform weights of variance 1 / WIDTH: a linear network keeps lengths at gain 1.
    weights = math.sqrt(3 / WIDTH) * (2 * torch.rand(WIDTH, WIDTH) - 1)
    state = 2 * torch.rand(WIDTH) - 1
    dtype = torch.float64 if change == NUDGE_DOUBLE else torch.float32
    first = states_of(gain, weights.to(dtype), state.to(dtype), steps)
    if change == FORMATS:
        second = states_of(gain, weights.double(), state.double(), steps)
    else:
        second = states_of(gain, weights.to(dtype), nudged(state.to(dtype)), steps)
    gaps = (first.double() - second.double()).norm(dim=1) / math.sqrt(WIDTH)
    parted = next((step for step, gap in enumerate(gaps.tolist()) if gap > LARGE), None)
    reading = f"gap after {steps} steps {gaps[-1]:.2g}, above {LARGE} "
    reading += "never" if parted is None else f"first at step {parted}"
    values = {"last": float(gaps[-1]), "largest": float(gaps.amax()), "parted": parted}
    early, late = (float(half.amax()) for half in gaps.tensor_split(2))
    return Finding(_verdict(early, late, change), reading, _chart(gaps, dtype), values)


def nudged(state: Tensor) -> Tensor:
    """Move the state's largest entry one ULP away from zero.

    The largest: a nudge to a small entry can be lost when it is added to larger ones.
    """
    moved = state.clone()
    place = state.abs().argmax()
    far = torch.tensor(math.inf, dtype=state.dtype).copysign(state[place])
    moved[place] = torch.nextafter(state[place], far)
    return moved


def states_of(gain: float, weights: Tensor, state: Tensor, steps: int) -> Tensor:
    """Give the state at the start and after every step: (steps + 1, WIDTH)."""
    states = [state]
    for _ in range(steps):
        states.append(torch.tanh(gain * (states[-1] @ weights)))
    return torch.stack(states)


def _verdict(early: float, late: float, change: str) -> str:
    """Say in words how the largest gap in the first half of the steps became that in the second."""
    what = "The change of format" if change == FORMATS else "One ULP"
    if max(early, late) > LARGE:
        return f"{what} grows until the two states have nothing in common."
    if late > 4 * early:
        return f"{what} grows, but in these steps not so far that the states part."
    return f"{what} stays small: this network does not amplify it."


def _chart(gaps: Tensor, dtype: torch.dtype) -> Chart:
    low = 1e-20 if dtype == torch.float64 else 1e-10  # some decades below one ULP in one entry
    gap = Series("distance of the two states", range(len(gaps)), gaps)
    axes = Axis("step", 0, len(gaps) - 1), Axis("typical gap of an entry", low, 10, log=True)
    return Chart((Panel(*axes, (gap,)),))


RECURRENT = Experiment(
    name="recurrent",
    question="What becomes of one last bit in a recurrent network?",
    factor="one ULP, or dtype",
    controls=(
        Choice("gain", 2.0, (0.5, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0), ordered=True),
        Choice("change", NUDGE, CHANGES, label="compare"),
        Integer("steps", 150, 50, 300, step=50),
        Seed(),
    ),
    measure=two_states,
)
