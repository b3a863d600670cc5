"""Writes between forward and backward: which ones does autograd notice?

Owns one experiment. The factor is the way in which 1 is added to y; x, the function and the loss
stay, so that the gradient is the same in all of them.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Dtype, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sin": torch.sin,
    "square": torch.square,
    "3 * x": lambda x: 3 * x,
}


def _without_grad(y: Tensor) -> Tensor:
    with torch.no_grad():
        return y.add_(1)


def _in_numpy(y: Tensor) -> Tensor:
    y.detach().numpy()[...] += 1
    return y


WRITES: Mapping[str, Callable[[Tensor], object]] = {
    "y = y + 1": lambda y: y + 1,
    "y.add_(1)": lambda y: y.add_(1),
    "y.view(-1).add_(1)": lambda y: y.view(-1).add_(1),
    "y.add_(1) in no_grad": _without_grad,
    "y.detach().add_(1)": lambda y: y.detach().add_(1),
    "y.data.add_(1)": lambda y: y.data.add_(1),
    "y.detach().numpy() += 1": _in_numpy,
}
RIGHT, WRONG, RAISES = (
    Cell("right", "agrees"),
    Cell("wrong", "wrong"),
    Cell("raises an error", "raises"),
)
KINDS: dict[Kind, str] = {
    "agrees": "right",
    "wrong": "wrong, without an error",
    "raises": "raises an error",
}


def write_before_backward(where: Conditions, *, size: int) -> Finding:
    """Add 1 to y = f(x) in each way, run backward, and hold the gradient beside the plain one."""
    x = (torch.rand(size, device=where.torch_device) * 4 - 2).to(where.torch_dtype)
    plain = {name: _gradient(x, f, WRITES["y = y + 1"])[0] for name, f in FUNCTIONS.items()}
    kinds, versions = {}, {}
    for way, write in WRITES.items():
        results = {name: _gradient(x, f, write) for name, f in FUNCTIONS.items()}
        kinds[way] = {name: _kind(grad, plain[name]) for name, (grad, _) in results.items()}
        versions[way] = results["exp"][1]
    chart = Chart((Cells.of(kinds, KINDS),))
    wrong = tuple(way for way, line in kinds.items() if WRONG in line.values())
    raises = tuple(way for way, line in kinds.items() if RAISES in line.values())
    slipped, _ = _gradient(x, torch.exp, WRITES["y.data.add_(1)"])
    compared = () if slipped is None or plain["exp"] is None else (
        compare(slipped, plain["exp"], first="with y.data.add_(1)", second="with y + 1"),
    )  # fmt: skip
    seen = {True: "counted", False: "not counted"}
    reading = (
        f"y.add_(1) is {seen[versions['y.add_(1)'] > 0]}, y.data.add_(1) is "
        + (seen[versions["y.data.add_(1)"] > 0])
    )
    values = {"wrong": wrong, "raises": raises, "versions": versions}
    return Finding(_verdict(wrong, versions), reading, chart, values, compared)


def _gradient(
    x: Tensor, function: Callable[[Tensor], Tensor], write: Callable[[Tensor], object]
) -> tuple[Tensor | None, int]:
    """Compute the gradient of the sum of f(x) + 1 (None where backward raises) and y's version."""
    leaf = x.clone().requires_grad_()
    y = function(leaf)
    before = y._version
    write(y)
    counted = y._version - before
    try:
        return torch.autograd.grad(y.sum(), leaf)[0], counted
    except RuntimeError:
        return None, counted


def _kind(gradient: Tensor | None, plain: Tensor | None) -> Cell:
    if gradient is None or plain is None:
        return RAISES
    return RIGHT if bits_equal(gradient, plain) else WRONG


def _verdict(wrong: tuple[str, ...], versions: Mapping[str, int]) -> str:
    if not wrong:
        return "No write makes a gradient wrong without an error."
    if any(versions[way] for way in wrong):
        return "A gradient is wrong without an error, although autograd counted the write."
    return "Writes that autograd counts do no harm or raise; those around it make gradients wrong."


VERSION_COUNTER = Experiment(
    name="version_counter",
    question="What does a write between forward and backward do to the gradient?",
    factor="the way of the write",
    controls=(Seed(), LogRange("size", 100, 1, 4), Dtype("float32", ("float64", "float32"))),
    measure=write_before_backward,
)
