"""Weight normalization: one more way to write a weight, and what it does to rounding.

Owns one experiment. The factor is the parametrization: the same weight given as it is, or as a
length and a direction.
"""

import torch
from torch import Tensor

from workbook.bounds import gamma
from workbook.bounds.arithmetic import undisturbed
from workbook.conditions import Conditions
from workbook.control import LogRange
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, WIDTH = 24, 32


def two_parametrizations(where: Conditions, *, stretch: int) -> Finding:
    """Measure a linear layer's error against float64, with a plain and with a normalized weight.

    The direction is `stretch` times as long as the weight: dividing by its length undoes that.
    """
    x, direction = torch.rand(ROWS, WIDTH), torch.rand(WIDTH, WIDTH) * stretch
    length = torch.rand(WIDTH, 1) + 0.5
    normalized = _weight(length, direction)
    with undisturbed():
        exact = _weight(length.double(), direction.double())
        truth = x.double() @ exact.T
    # Every number is positive, so that each rounding is a share of the result: n in a dot product
    # of n terms, 1 to store the exact weight; a norm has n/2 + 1, its product and quotient 2 more.
    limits = gamma(WIDTH + 1, "float32"), gamma(WIDTH + (WIDTH + 1) // 2 + 3, "float32")
    values = {
        "plain": _error(x @ exact.float().T, truth),
        "normalized": _error(x @ normalized.T, truth),
    }
    reading = "; ".join(f"{name} weight: error {value:.2g}" for name, value in values.items())
    within = all(error <= limit for error, limit in zip(values.values(), limits, strict=True))
    return Finding(_verdict(within), reading, values=values)


def _weight(length: Tensor, direction: Tensor) -> Tensor:
    norm = torch.linalg.vector_norm(direction, dim=1, keepdim=True)
    weight: Tensor = length * direction / norm
    return weight


def _error(out: Tensor, truth: Tensor) -> float:
    """Find the largest relative error."""
    return float(((out.double() - truth).abs() / truth.abs()).max())


def _verdict(within: bool) -> str:
    if within:
        return "Both ways stay within their bounds: normalizing a weight adds a few roundings."
    return "One of the two has a larger error than its roundings can add up to."


WEIGHT_NORM = Experiment(
    name="weight_norm",
    question="Does weight normalization make rounding worse?",
    factor="parametrization of the weight",
    controls=(LogRange("stretch", 10, 0, 6, label="length of the direction"),),
    measure=two_parametrizations,
)
