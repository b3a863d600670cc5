"""Ways to keep something out of the gradient, and what each does to the backward pass.

Owns one experiment. The factor is the way; the function and its input are the same.
"""

import textwrap
from collections.abc import Callable

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

RIGHT, RAISES, SILENT = "right", "raises RuntimeError", "wrong, silently"
KINDS: dict[Kind, str] = {"agrees": RIGHT, "raises": RAISES, "wrong": SILENT}
VALUES = (1.0, 2.0, 3.0)


def _whole(x: Tensor) -> Tensor:
    return (x * 2).sum()


def _under_no_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        y = x * 2
    return y.sum()


def _detached(x: Tensor) -> Tensor:
    return (x * 2).detach().sum()


def _half_detached(x: Tensor) -> Tensor:
    return (x + x.detach()).sum()


def _changed_through_data(x: Tensor) -> Tensor:
    y = x * x
    x.data.mul_(2)  # autograd does not see this, and the backward pass uses the new x
    return y.sum()


WAYS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "y = 2x, then y.sum()": (_whole, lambda x: torch.full_like(x, 2)),
    "y = 2x under no_grad()": (_under_no_grad, lambda x: torch.full_like(x, 2)),
    "(2x).detach()": (_detached, lambda x: torch.full_like(x, 2)),
    "x + x.detach()": (_half_detached, torch.ones_like),
    "y = x², then x.data.mul_(2)": (_changed_through_data, lambda x: 2 * x),
}
ALL = "all of them"


def every_way(where: Conditions, *, way: str) -> Finding:
    """Run backward() after each way and hold the gradient beside the one from the formula."""
    chosen = WAYS if way == ALL else {way: WAYS[way]}
    told = {name: _outcome(*pair) for name, pair in chosen.items()}
    outcomes = {name: outcome for name, (outcome, _) in told.items()}
    counts = {kind: list(outcomes.values()).count(kind) for kind in KINDS.values()}
    reading = "; ".join(f"{kind}: {count}" for kind, count in counts.items())
    kind_of = {outcome: kind for kind, outcome in KINDS.items()}
    table = {
        name: {"x.grad": Cell(gradient, kind_of[outcome])}
        for name, (outcome, gradient) in told.items()
    }
    grid = Cells.of(table, KINDS)
    return Finding(_verdict(counts), reading, Chart((grid,)), {**outcomes, **counts})


def _outcome(
    function: Callable[[Tensor], Tensor], formula: Callable[[Tensor], Tensor]
) -> tuple[str, str]:
    x = torch.tensor(VALUES, requires_grad=True)
    expected = formula(x.detach().clone())
    with torch.enable_grad():
        try:
            function(x).backward()  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            return RAISES, textwrap.shorten(str(error), 60, placeholder=" …")
    gradient = torch.as_tensor(x.grad)
    outcome = RIGHT if bits_equal(gradient, expected) else SILENT
    return outcome, ", ".join(f"{value:g}" for value in gradient.tolist())


def _verdict(counts: dict[str, int]) -> str:
    if counts[SILENT] and counts[RAISES]:
        return "Some ways are noticed and raise; others give a wrong gradient without a word."
    if counts[SILENT]:
        return "The gradient is not the formula's, and nothing was said."
    if counts[RAISES]:
        return "backward() noticed and raised: it will not give a gradient that it does not have."
    return "The gradient is the formula's, bit for bit."


NOT_RECORDED = Experiment(
    name="not_recorded",
    question="What becomes of the gradient when part of a computation is kept out of it?",
    factor="the way",
    controls=(Choice("way", ALL, (ALL, *WAYS)),),
    measure=every_way,
)
