"""Where the difference comes from when the same literals are multiplied in two formats.

Owns one experiment. A literal is rounded when it is stored, and the product is rounded again. The
factor is the format; its two effects, storing and multiplying, are measured apart.
"""

from fractions import Fraction
from typing import Any

import torch

from workbook.bounds import elementwise_bound
from workbook.comparison import error_of
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype
from workbook.experiment import Experiment
from workbook.result import Finding

PRINTED, BINARY = (
    "as printed: 1, 2, 3 times 0.1, 0.2, 0.3",
    "numbers that are exact: 1, 2, 3 times 1/8, 1/4, 3/8",
)
VERSIONS: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    PRINTED: ((1, 2, 3), (0.1, 0.2, 0.3)),
    BINARY: ((1, 2, 3), (0.125, 0.25, 0.375)),
}


def stored_and_multiplied(where: Conditions, *, version: str) -> Finding:
    """Multiply three pairs in a format and in float64, and split the difference in two."""
    whole, literals = VERSIONS[version]
    a = torch.tensor(whole, dtype=where.torch_dtype)
    b = torch.tensor(literals, dtype=where.torch_dtype)
    product = a * b
    # Fractions: the split is exact, whatever the format.
    held = [Fraction(value) for value in b.double().tolist()]
    storing = [w * (h - Fraction(x)) for w, h, x in zip(whole, held, literals, strict=True)]
    exact = [w * h for w, h in zip(whole, held, strict=True)]
    got = [Fraction(value) for value in product.double().tolist()]
    multiplying = [g - e for g, e in zip(got, exact, strict=True)]
    truth = torch.tensor([float(e) for e in exact], dtype=torch.float64)
    bound = elementwise_bound(truth, where.torch_dtype)
    compared = error_of(product, truth, bound=bound, first="product", second="exact product")
    largest = (max(abs(float(s)) for s in storing), max(abs(float(m)) for m in multiplying))
    reading = f"largest part from storing {largest[0]:.3g}, from multiplying {largest[1]:.3g}"
    values: dict[str, Any] = {"storing": largest[0], "multiplying": largest[1]}
    values["by product"] = [list(map(float, part)) for part in (storing, multiplying)]
    return Finding(_verdict(*largest), reading, values=values, comparisons=(compared,))


def _verdict(storing: float, multiplying: float) -> str:
    if storing == multiplying == 0:
        return "No difference: these numbers and their products are exact in both formats."
    if multiplying == 0:
        return (
            "All of the difference is how the literals are stored; no product was rounded, "
            "so nothing can accumulate."
        )
    return "Part of the difference is how the literals are stored, part is the products' rounding."


LITERALS = Experiment(
    name="literals",
    question="Where does the difference of two short products come from?",
    factor="dtype",
    controls=(
        Choice("version", PRINTED, tuple(VERSIONS)),
        Dtype(options=("float32", "bfloat16", "float16")),
    ),
    measure=stored_and_multiplied,
)
