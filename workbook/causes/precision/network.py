"""A small network with its gradient written out, so that hundreds of steps take milliseconds.

Owns the network of 10 inputs, 50 and 20 hidden units and 1 output, and its training by gradient
descent on the mean squared error. Knows no experiment. The weights and biases are one vector, in
the order in which `parts` cuts it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SIZES = (10, 50, 20, 1)
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
    `on` says which hidden units had a positive input: (steps, rows, hidden units). `outputs` are
    those of the trained network: (rows, 1).
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
    path, patterns = [weights.to(x.dtype)], []
    for step in range(steps):
        through = None if held is None else torch.split(held[step], list(SIZES[1:3]), 1)
        gradient, on, _ = _backward(parts(path[-1]), x, y, activation, through)
        path.append(path[-1] - learning_rate * gradient)
        patterns.append(on)
    _, _, outputs = _backward(parts(path[-1]), x, y, activation, None)
    return Training(torch.stack(path), torch.stack(patterns), outputs)


def _backward(
    weights: list[Tensor], x: Tensor, y: Tensor, activation: str, held: Sequence[Tensor] | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Give the gradient as one vector, which hidden units are on, and the outputs."""
    _, second, third = weights[::2]
    before, values, slopes = [], [x], []
    for layer in (0, 1):
        before.append(torch.addmm(weights[2 * layer + 1], values[-1], weights[2 * layer]))
        through = before[-1] > 0 if held is None else held[layer]
        after = before[-1] * through if activation == "ReLU" else before[-1].tanh()
        slopes.append(through if activation == "ReLU" else 1 - after * after)
        values.append(after)
    outputs = torch.addmm(weights[5], values[-1], third)
    error = (outputs - y) * (2 / len(x))
    upper = (error @ third.T) * slopes[1]
    errors = ((upper @ second.T) * slopes[0], upper, error)
    pieces = [
        piece
        for value, each in zip(values, errors, strict=True)
        for piece in ((value.T @ each).flatten(), each.sum(0))
    ]
    return torch.cat(pieces), torch.cat(before, 1) > 0, outputs
