"""A small network with its gradient written out, so that hundreds of steps take milliseconds.

Owns the network of 10 inputs, 50 and 20 hidden units and 1 output, and its training by gradient
descent on the mean squared error. Knows no experiment. The weights and biases are one vector, in
the order in which `parts` cuts it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

SIZES = (10, 50, 20, 1)
HIDDEN = SIZES[1] + SIZES[2]
SHAPES = tuple(
    shape
    for inputs, outputs in itertools.pairwise(SIZES)
    for shape in ((inputs, outputs), (outputs,))
)
LENGTHS = tuple(math.prod(shape) for shape in SHAPES)


@dataclass(frozen=True)
class Training:
    """What a training went through.

    `path` holds the weights before every step and after the last: (steps + 1, number of weights).
    `on` says which hidden units had a positive input: (steps, rows, HIDDEN). `outputs` are those of
    the trained network: (rows, 1).
    """

    path: Tensor
    on: Tensor
    outputs: Tensor


def drawn_weights() -> Tensor:
    """Draw float32 weights and biases, uniform within 1 / sqrt(inputs) as nn.Linear's are."""
    limits = [1 / math.sqrt(inputs) for inputs in SIZES[:-1] for _ in range(2)]
    drawn = [
        limit * (2 * torch.rand(length) - 1) for limit, length in zip(limits, LENGTHS, strict=True)
    ]
    return torch.cat(drawn)


def parts(weights: Tensor) -> list[Tensor]:
    """Cut a vector of weights into the three layers' matrices (inputs, outputs) and biases."""
    pieces = torch.split(weights, list(LENGTHS))
    return [piece.view(shape) for piece, shape in zip(pieces, SHAPES, strict=True)]


def train(
    weights: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    activation: str,
    learning_rate: float,
    steps: int,
    held: Tensor | None = None,
) -> Training:
    """Train a copy of `weights` in the dtype of `x`, of shape (rows, 10); `y` is (rows, 1).

    `activation` is "ReLU" or "tanh". With `held`, the `on` of another training, ReLU lets through
    what was on there, whatever the sign is here.
    """
    path = x.new_empty(steps + 1, sum(LENGTHS))
    path[0] = weights
    on = torch.empty(steps, len(x), HIDDEN, dtype=torch.bool)
    change = x.new_empty(sum(LENGTHS))
    slots = parts(change)
    for step in range(steps):
        _gradients(
            parts(path[step]),
            slots,
            (x, y),
            activation,
            on[step],
            None if held is None else held[step],
        )
        torch.sub(path[step], change, alpha=learning_rate, out=path[step + 1])
    return Training(path, on, _outputs(parts(path[steps]), x, activation))


def _outputs(weights: list[Tensor], x: Tensor, activation: str) -> Tensor:
    activate = torch.relu if activation == "ReLU" else torch.tanh
    one = activate(torch.addmm(weights[1], x, weights[0]))
    two = activate(torch.addmm(weights[3], one, weights[2]))
    return torch.addmm(weights[5], two, weights[4])


def _activated(
    before: Tensor, activation: str, on: Tensor, held: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Compute the activation and its slope; write into `on` which units were on."""
    torch.gt(before, 0, out=on)
    if activation == "ReLU":
        let_through = on if held is None else held
        return before * let_through, let_through
    after = torch.tanh(before)
    return after, 1 - after * after


def _gradients(
    weights: list[Tensor],
    slots: list[Tensor],
    data: tuple[Tensor, Tensor],
    activation: str,
    on: Tensor,
    held: Tensor | None,
) -> None:
    """Write the gradient of every matrix and bias into its slot."""
    x, y = data
    units = SIZES[1]
    lower_held, upper_held = (None, None) if held is None else (held[:, :units], held[:, units:])
    first = torch.addmm(weights[1], x, weights[0])
    one, slope_one = _activated(first, activation, on[:, :units], lower_held)
    second = torch.addmm(weights[3], one, weights[2])
    two, slope_two = _activated(second, activation, on[:, units:], upper_held)
    output = (torch.addmm(weights[5], two, weights[4]) - y) * (2 / len(x))
    upper = (output @ weights[4].T) * slope_two
    lower = (upper @ weights[2].T) * slope_one
    for left, right, matrix, bias in (
        (x, lower, slots[0], slots[1]),
        (one, upper, slots[2], slots[3]),
        (two, output, slots[4], slots[5]),
    ):
        torch.mm(left.T, right, out=matrix)
        torch.sum(right, 0, out=bias)
