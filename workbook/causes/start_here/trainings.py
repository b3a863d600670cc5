"""Six trainings from one seed: which conditions reach the weights, and does the loss show it?

Owns one experiment. Each training differs from the first in one thing. What rounding did is told
from what it did not by training both once more in float64: a difference that is rounding shrinks
with the unit roundoff, any other one stays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.chart import BLANK, Axis, Cell, Cells, Chart, Kind, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Integer, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, FEATURES, UNITS, RATE = 64, 8, 16, 0.3
AGAIN, ORDER, FORMAT, DRAW, FORGOTTEN = CHANGES = (
    "nothing", "order of the rows", "float64", "a draw before", "a row forgotten",
)  # fmt: skip
SHRUNK = 2.0**-20
"""A gap is rounding if float64 leaves at most this share; its unit roundoff is 2**-29 as large."""
WORDS: dict[str, Kind] = {
    "identical": "agrees", "rounding": "within the bound", "more": "wrong",
}  # fmt: skip
LEGEND: dict[Kind, str] = {
    "agrees": "equal in every bit",
    "within the bound": "rounding: nearly gone in float64",
    "wrong": "more than rounding",
}


@dataclass(frozen=True)
class Training:
    """All weights before each step and after the last, (steps + 1, count), and the final loss."""

    path: Tensor
    loss: float


def six_from_one_seed(where: Conditions, *, steps: int) -> Finding:
    """Train once, then five times with one change each; compare weights, in bits, and losses."""
    seed = where.seed or 0
    single = {change: train(change, steps, seed) for change in CHANGES}
    double = {change: train(change, steps, seed, torch.float64) for change in CHANGES}
    first = train(AGAIN, steps, seed)
    gaps = {name: _gaps(run, first) for name, run in single.items()}
    finer = {name: float(_gaps(run, double[AGAIN])[-1]) for name, run in double.items()}
    words = {name: _word(float(gap[-1]), finer[name]) for name, gap in gaps.items()}
    losses = {"first": first.loss, **{name: run.loss for name, run in single.items()}}
    largest = {name: float(gap[-1]) for name, gap in gaps.items()}
    told = ", ".join(f"{name} {finer[name]:.1g}" for name in (ORDER, DRAW, FORGOTTEN))
    reading = f"weights differ by, if all are trained in float64: {told}"
    values = {"words": words, "losses": losses, "gaps": largest}
    return Finding(_verdict(words), reading, _chart(gaps, words, losses), values)


def train(change: str, steps: int, seed: int, dtype: torch.dtype = torch.float32) -> Training:
    """Fit a small tanh network to 64 rows by gradient descent; its weights are drawn from the seed.

    They are drawn in float32, so that a format changes no start. The gradient of the mean squared
    error is written out. The loss is that of all rows, whatever the training saw.
    """
    x, y = data()
    torch.manual_seed(seed)
    if change == DRAW:
        torch.rand(())
    dtype = torch.float64 if change == FORMAT else dtype
    lower, bias, upper = (
        (torch.rand(shape) - 0.5).to(dtype) for shape in ((FEATURES, UNITS), (UNITS,), (UNITS, 1))
    )
    x, y = x.to(dtype), y.to(dtype)
    seen = {ORDER: torch.arange(ROWS).flip(0), FORGOTTEN: torch.arange(ROWS - 1)}.get(change)
    inputs, targets = (x, y) if seen is None else (x[seen], y[seen])
    path = []
    for _ in range(steps):
        path.append(torch.cat([lower.flatten(), bias, upper.flatten()]))
        hidden = torch.addmm(bias, inputs, lower).tanh()
        error = (hidden @ upper - targets) * (2 / len(targets))
        below = (error @ upper.T) * (1 - hidden * hidden)
        lower, bias = lower - RATE * (inputs.T @ below), bias - RATE * below.sum(0)
        upper = upper - RATE * (hidden.T @ error)
    path.append(torch.cat([lower.flatten(), bias, upper.flatten()]))
    loss = (torch.addmm(bias, x, lower).tanh() @ upper - y).square().mean()
    return Training(torch.stack(path).double(), loss.item())


def data() -> tuple[Tensor, Tensor]:
    """Make the data, the same for every seed: x from -1 to 1, and a target of shape (64, 1)."""
    x = 2 * torch.rand(ROWS, FEATURES, generator=torch.Generator().manual_seed(0)) - 1
    return x, (4 * x[:, :1]).sin()


def _gaps(run: Training, other: Training) -> Tensor:
    return (run.path - other.path).abs().amax(1)


def _word(gap: float, in_double: float) -> str:
    if gap == 0:
        return "identical"
    return "rounding" if in_double <= SHRUNK * gap else "more"


def _verdict(words: dict[str, str]) -> str:
    same, rounded, more = ([name for name in CHANGES if words[name] == w] for w in WORDS)
    if same == [AGAIN] and rounded == [ORDER, FORMAT] and more == [DRAW, FORGOTTEN]:
        return (
            "Only the run that changed nothing repeats every bit. Another order and another format "
            "differ by rounding, a draw before and a forgotten row by more."
        )
    return f"Equal in every bit: {len(same)} of 5. Rounding: {len(rounded)}. More: {len(more)}."


def _chart(gaps: dict[str, Tensor], words: dict[str, str], losses: dict[str, float]) -> Chart:
    kinds = {name: WORDS[word] for name, word in words.items()}
    table = {
        name: {
            "weights differ by": Cell(f"{gaps[name][-1]:.1g}", kinds[name]),
            "loss": Cell(f"{losses[name]:.4f}"),
        }
        for name in CHANGES
    }
    first = {"the first run": {"weights differ by": BLANK, "loss": Cell(f"{losses['first']:.4f}")}}
    series = tuple(Series(name, range(len(gap)), gap) for name, gap in gaps.items() if gap.any())
    axes = Axis("step"), Axis("largest difference of a weight", 1e-9, 10, log=True)
    return Chart((Cells.of(first | table, LEGEND, "what was changed"), Panel(*axes, series)))


SIX_FROM_ONE_SEED = Experiment(
    name="six_from_one_seed",
    question="Six trainings from one seed: which of them end with the same weights?",
    factor="one condition in each training",
    controls=(Integer("steps", 40, 20, 100, step=20), Seed()),
    measure=six_from_one_seed,
)
