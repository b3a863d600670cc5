"""What an activation does to the rounding error of its input.

Owns one experiment. The factor is when the input is rounded: before the activation or after it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from workbook.bounds import HIGHAM, Bound
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.floats import format_of, round_to
from workbook.result import Finding

SIZE = 20_000
SMALLEST = 2.0**-10  # far above the subnormals of float16, so that no zero gets a sign
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "GELU": torch.nn.functional.gelu,
    "steep tanh": lambda x: torch.tanh(20 * x),
}
SLOPES = {"ReLU": 1.0, "tanh": 1.0, "sigmoid": 0.25, "GELU": 1.13, "steep tanh": 20.0}  # steepest


def before_and_after(where: Conditions, *, activation: str) -> Finding:
    """Round then activate, and activate then round; compare bits, and errors with one another."""
    size = SMALLEST + 2 * torch.rand(SIZE, dtype=torch.float64)
    exact = torch.where(torch.arange(SIZE) % 2 == 0, size, -size)
    name, activate = format_of(where.torch_dtype).name, ACTIVATIONS[activation]
    rounded = round_to(exact, name)
    before = activate(rounded.to(where.torch_device, where.torch_dtype)).cpu()
    after = round_to(activate(exact), name).to(where.torch_dtype)
    came = (rounded - exact).abs()
    compared = compare(
        before,
        after,
        bound=_bound(came, exact, activate(exact), (activation, name)),
        first="round, then activate",
        second="activate, then round",
    )
    went = (activate(rounded) - activate(exact)).abs()  # float64: the input's rounding alone
    # Of errors that float64's own rounding of `went` cannot blur.
    clear = came > format_of(name).unit_roundoff / 128
    factor = float((went / came)[clear].max())
    reading = f"{compared.differing:,} of {SIZE:,} results differ; errors leave the activation at "
    reading += f"most {factor:.3g} times as large"
    values = {"differing": compared.differing, "factor": factor}
    verdict = _verdict(activation, compared.identical, factor)
    return Finding(verdict, reading, values=values, comparisons=(compared,))


def _bound(came: Tensor, x: Tensor, result: Tensor, what: tuple[str, str]) -> Bound:
    """Bound round-then-activate against activate-then-round.

    The steepest slope times the error of the input; then at most six roundings on the way, of
    values no larger than |x| + |f(x)|: two or three operations, of which an elementary function
    may be 1 ULP off, two roundings' worth, and the rounding of the other way.
    """
    activation, name = what
    limit = SLOPES[activation] * came + 6 * format_of(name).unit_roundoff * (x.abs() + result.abs())
    return Bound(limit, "slope * error of x + 6 u (|x| + |f(x)|)", f"{HIGHAM}, section 2.2")


def _verdict(activation: str, identical: bool, factor: float) -> str:
    enlarges = factor > 1 + 1e-6  # the last digits are float64's own rounding
    if identical and not enlarges:
        return f"{activation} and rounding can change places in every bit: no error is enlarged."
    if not enlarges:
        return f"{activation} enlarges no error of its input, but rounds a result of its own."
    return f"{activation} enlarges errors of its input: somewhere its slope is above 1."


ACTIVATION_ERROR = Experiment(
    name="activation_error",
    question="Does an activation enlarge the rounding error of its input?",
    factor="rounding before or after",
    controls=(
        Choice("activation", "ReLU", tuple(ACTIVATIONS)),
        Dtype(options=("float32", "bfloat16", "float16")),
        Seed(),
        DeviceChoice(),
    ),
    measure=before_and_after,
)
