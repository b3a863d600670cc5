"""A tolerance for a test that fails by rounding: how wide, and what it would still notice.

Owns the width, and the two trials of it: the test with that tolerance, and again with a fault that
is planted in the last sum before the comparison.
"""

import contextlib
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from workbook.diagnosis.probes import comparisons
from workbook.trace.places import line_of

_SUMS = frozenset(
    ("sum", "mean", "mm", "addmm", "bmm", "baddbmm", "mv", "dot", "convolution", "var", "cumsum",
     "linear", "native_layer_norm", "native_batch_norm", "logsumexp", "_softmax")
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One comparison, by its number, gets a tolerance; a sum, by its number, loses a term.

    NaN leaves the comparison its own tolerance, -1 all sums their terms.
    """

    number: int
    atol: float
    planted: int = -1


class Sums(TorchDispatchMode):
    """Counts sums until the comparison, and leaves a term of one of them out."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial, self.count, self.where = trial, 0, ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, one of them with a term less."""
        name = func.overloadpacket.__name__
        if name in _SUMS and len(comparisons.SEEN) <= self.trial.number:
            if self.count == self.trial.planted:
                self.where = f"aten.{name} at {line_of(sys._getframe(1))}"
                args = _without_a_term(args)
            self.count += 1
        return func(*args, **(kwargs or {}))


def _without_a_term(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Set a number of middle size to 0 in the largest tensor."""
    tensors = [a for a in args if isinstance(a, torch.Tensor) and a.is_floating_point()]
    if not tensors:
        return args
    named = max(tensors, key=torch.Tensor.numel)
    changed = named.detach().clone().flatten()
    places = changed.nonzero().flatten()
    by_size = places[changed[places].abs().argsort()]
    changed[by_size[len(by_size) // 2 : len(by_size) // 2 + 1]] = 0
    changed = changed.view(named.shape)
    return tuple(changed if operand is named else operand for operand in args)


@contextlib.contextmanager
def tried(trial: Trial | None) -> Iterator[dict[str, Any]]:
    """Try a tolerance while a test runs; what was seen of sums stands in the dictionary after."""
    made: dict[str, Any] = {}
    if trial is None:
        yield made
        return
    if not math.isnan(trial.atol):
        comparisons.TRIED[trial.number] = trial.atol
    try:
        with Sums(trial) as sums:
            yield made
    finally:
        comparisons.TRIED.clear()
        made |= {"sums": sums.count, "planted": sums.where}


def width(apart: float) -> float:
    """Give four times a difference, rounded up to one digit.

    >>> width(2.6e-7)
    2e-06
    """
    digits = math.floor(math.log10(4 * apart))
    return math.ceil(4 * apart / 10.0**digits) * 10.0**digits
