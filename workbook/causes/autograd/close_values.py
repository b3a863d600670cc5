"""Gradients of a decomposition whose singular values lie close together.

Owns one experiment. The factor is the gap between two singular values; the function, its input's
size and the format stay. In exact arithmetic the gradient of a singular vector has a term
1 / (s1**2 - s2**2) (torch.linalg.svd's documentation, from Townsend, Differentiating the SVD).
"""

import torch

from workbook.conditions import Conditions
from workbook.control import LogRange
from workbook.experiment import Experiment
from workbook.result import Finding

SIDE = 3
WIDEST = 10.0


def close_values(where: Conditions, *, gap: int) -> Finding:
    """Take the gradient of one entry of a singular vector for singular values 2 and 2 - 1/gap."""
    largest = _gradient(1 / gap)
    growth = largest / _gradient(1 / 2)
    verdict = "The closer the two singular values, the larger the gradient."
    if growth < WIDEST:
        verdict = "With singular values this far apart the gradient is moderate."
    reading = f"gap 1/{gap}: largest entry {largest:.3g}, {growth:.3g} times that of gap 1/2"
    return Finding(verdict, reading, values={"largest": largest, "growth": growth})


def _gradient(gap: float) -> float:
    """Find the largest entry of the gradient of the first right singular vector's second square.

    The square does not depend on the vector's sign, which the decomposition leaves open.
    """
    full = torch.tensor([[2.0, 1, 0], [1, 3, 1], [0, 1, 2]], dtype=torch.float64)
    turn = torch.linalg.qr(full)[0]
    values = torch.tensor([2.0, 2.0 - gap, 0.5], dtype=torch.float64)
    matrix = (turn * values @ turn.T).requires_grad_()
    with torch.enable_grad():
        vectors = torch.linalg.svd(matrix).Vh
        (gradient,) = torch.autograd.grad(vectors[0, 1].square(), matrix)
    return float(gradient.abs().max())


CLOSE_VALUES = Experiment(
    name="close_values",
    question="What does a decomposition's gradient do when two singular values come close?",
    factor="the gap between them",
    controls=(LogRange("gap", 1024, 1, 12, base=2, label="1 / gap"),),
    measure=close_values,
)
