"""A limit on an error: its size, its name and the source of its derivation.

Owns Bound, and how limits are computed in float64 without coming out too narrow. Knows no formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.gamma import gamma

HIGHAM = "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002)"


@dataclass(frozen=True, eq=False)
class Bound:
    """A limit on |computed - exact|, with its name and the source of its derivation.

    `limit` is a float or a float64 tensor that broadcasts to the result; never negative
    (ValueError). A NaN limit, which NaN among the inputs makes, admits no difference.

    >>> (Bound(1.0, "a", "x") + Bound(2.0, "b", "y")).name
    'a + b'
    """

    limit: Tensor | float
    name: str
    source: str

    @undisturbed()
    def __post_init__(self) -> None:
        lowest = self.limit
        if isinstance(lowest, Tensor):
            lowest = float(lowest.min()) if lowest.numel() else 0.0
        if lowest < 0:
            raise ValueError(f"a limit must not be negative, got {lowest}")

    @undisturbed()
    def __add__(self, other: Bound) -> Bound:
        """Bound the difference of two computed values, each within its bound of the same truth."""
        name = f"{self.name} + {other.name}" if self.name != other.name else f"2 * ({self.name})"
        source = self.source if self.source == other.source else f"{self.source}; {other.source}"
        return Bound(outward(self.limit + other.limit, 1), name, source)

    @property
    @undisturbed()
    def greatest(self) -> float:
        """The largest limit of all elements; 0.0 if there are none."""
        if not isinstance(self.limit, Tensor):
            return float(self.limit)
        return float(self.limit.max()) if self.limit.numel() else 0.0


def exact_values(x: Tensor) -> Tensor:
    """Take the values to float64, on the CPU if the device has none."""
    if x.is_complex():
        raise TypeError(f"a bound needs real numbers, got {x.dtype}")
    x = x.detach()
    return (x if x.device.type in ("cpu", "cuda") else x.cpu()).to(torch.float64)


def outward(limit: Tensor | float, operations: int) -> Tensor | float:
    """Enlarge a limit by what its own computation in float64 can have lost."""
    return limit * (1 + gamma(operations + 8, "float64"))
