"""An intermediate result that leaves the range of a format although the final one lies inside.

Owns one experiment. The factor is the format in which one norm is computed.
"""

import torch

from workbook.conditions import Conditions
from workbook.control import Dtype
from workbook.experiment import Experiment
from workbook.result import Finding

FINITE, LEFT = "a finite number", "inf"


def overflow(where: Conditions) -> Finding:
    """Compute the norm of two large numbers in the chosen format and in float64.

    The square of either number lies beyond the largest float32; the norm lies far inside.
    """
    numbers = torch.tensor([1e20, 1e20], dtype=torch.float64)
    names = dict.fromkeys((str(where.dtype), "float64"))
    norms = {name: numbers.to(getattr(torch, name)).norm() for name in names}
    words = {name: FINITE if bool(norm.isfinite()) else LEFT for name, norm in norms.items()}
    reading = ", ".join(f"{name}: {norm.item():.3g}" for name, norm in norms.items())
    return Finding(_verdict(set(words.values())), reading, values=words)


def _verdict(words: set[str]) -> str:
    if words == {FINITE}:
        return "Every intermediate result stays inside the format's range."
    return "The squares leave the range of one format, although the norm lies inside."


OVERFLOW = Experiment(
    name="overflow",
    question="Can an intermediate result be infinite where the final one is not?",
    factor="dtype",
    controls=(Dtype(options=("float32", "float64")),),
    measure=overflow,
)
