"""A limit on an error: its size, its name and the source of its derivation.

Owns Bound, and how limits are computed in float64 without coming out too narrow. Knows no formula.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.bounds.arithmetic import undisturbed
from workbook.bounds.gamma import gamma
from workbook.devices import computes

HIGHAM = "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002)"
Limit = Tensor | float


@dataclass(frozen=True, eq=False)
class Bound:
    """A limit on |computed - exact|, with its name and the source of its derivation.

    `limit` holds for certain; `likely`, never used where it is larger, holds unless roundings pull
    one way (None: no such limit). Each is a float or a float64 tensor that broadcasts to the
    result; never negative (ValueError). A NaN limit, which NaN among the inputs makes, admits no
    difference. `scale` is the sum of the sizes of all `terms` that make one result, each of them
    a `term`: they tell how much a limit leaves unseen.

    >>> (Bound(1.0, "a", "x") + Bound(2.0, "b", "y")).name
    'a + b'
    """

    limit: Limit
    name: str
    source: str
    likely: Limit | None = None
    scale: Limit | None = None
    terms: int = 0
    term: str = "element"

    @undisturbed()
    def __post_init__(self) -> None:
        for limit in (self.limit, self.likely):
            lowest = 0.0 if limit is None else limit
            if isinstance(lowest, Tensor):
                lowest = float(lowest.min()) if lowest.numel() else 0.0
            if lowest < 0:
                raise ValueError(f"a limit must not be negative, got {lowest}")

    @undisturbed()
    def __add__(self, other: "Bound") -> "Bound":
        """Bound the difference of two computed values, each within its bound of the same truth."""
        name = f"{self.name} + {other.name}" if self.name != other.name else f"2 * ({self.name})"
        source = self.source if self.source == other.source else f"{self.source}; {other.source}"
        likely = None
        if self.likely is not None or other.likely is not None:
            likely = outward(self.probable + other.probable, 1)
        limit = outward(self.limit + other.limit, 1)
        smaller = self if self.terms >= other.terms else other  # of more terms, each is smaller
        return Bound(limit, name, source, likely, smaller.scale, smaller.terms, smaller.term)

    @property
    def probable(self) -> Limit:
        """What rounding stays within unless it pulls one way; the limit, where no more is known."""
        return self.limit if self.likely is None else self.likely

    @property
    @undisturbed()
    def greatest(self) -> float:
        """The largest limit of all elements; 0.0 if there are none."""
        if not isinstance(self.limit, Tensor):
            return float(self.limit)
        return float(self.limit.max()) if self.limit.numel() else 0.0


def real_numbers(x: object) -> Tensor:
    """Let a tensor of numbers pass that a bound can be computed from; TypeError for any other."""
    if not isinstance(x, Tensor):
        raise TypeError(f"a bound is computed from a torch.Tensor, got {type(x).__name__}")
    if x.is_complex():
        raise TypeError(f"a bound needs real numbers, got {x.dtype}: take .real and .imag apart")
    if x.is_quantized or x.is_nested or x.layout != torch.strided:
        kind = "quantized" if x.is_quantized else str(x.layout).removeprefix("torch.")
        remedy = ".dequantize()" if x.is_quantized else ".to_dense()"
        raise TypeError(f"a bound needs a dense tensor, got a {kind} one: call {remedy} first")
    if x.device.type == "meta":
        raise TypeError("a bound needs values, got a meta tensor")
    return x.detach()


def exact_values(x: Tensor) -> Tensor:
    """Take the values to float64, on the CPU if the device has none."""
    x = real_numbers(x)
    return (x if computes(x.device, "float64") else x.cpu()).to(torch.float64)


def outward(limit: Limit, operations: int) -> Limit:
    """Enlarge a limit by what its own computation in float64 can have lost."""
    return limit * (1 + gamma(operations + 8, "float64"))
