"""The same inputs on both sides: what is left when only the device changes.

Owns one experiment: a product, a sum and a gradient on the CPU and on the device, from one draw.
"""

import torch
from torch import Tensor

from workbook.bounds import Bound, matmul_bound, sum_bound
from workbook.causes.directml.sides import DEVICES, Compute, on_cpu, on_device, title
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted, percent

PRODUCT, SUM, GRADIENT = "matrix product", "sum of each row", "gradient of a product"
BUCKETS = 6  # 0, 1, 2-3, 4-7, ... ULPs; the last one holds all that is larger


def both_sides(where: Conditions, *, operation: str, size: int) -> Finding:
    """Compute from the same float32 matrices on both sides and count the ULPs between them."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    compute: Compute = {PRODUCT: _product, SUM: _row_sums, GRADIENT: _gradient}[operation]
    here, there = on_cpu(compute, a, b), on_device(where, compute, a, b)
    bound = _bound(operation, a, b)
    compared = compare(here, there, bound=bound + bound, first="CPU", second=title(where))
    chart = _chart(compared, title(where))
    reading = f"{percent(compared.share)} of {compared.count} elements differ"
    reading += (
        f", at most by {counted(compared.max_ulps or 0, 'ULP')}; "
        f"{percent(compared.bound_used or 0, 2)} of the bound"
    )
    values = {"differing": compared.differing, "max_ulps": compared.max_ulps}
    return Finding(_verdict(compared), reading, chart, values, (compared,))


def _product(a: Tensor, b: Tensor) -> Tensor:
    return a @ b


def _row_sums(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([a, b], dim=1).sum(dim=1)


def _gradient(a: Tensor, b: Tensor) -> Tensor:
    """Compute the gradient of a @ w by w, where the product's gradient is b: a.T @ b."""
    weight = torch.zeros_like(b).requires_grad_()
    return torch.autograd.grad(a @ weight, weight, b)[0]


def _bound(operation: str, a: Tensor, b: Tensor) -> Bound:
    if operation == SUM:
        return sum_bound(torch.cat([a, b], dim=1), "float32", 1, depth="any")
    return matmul_bound(a.T if operation == GRADIENT else a, b, "float32")


def _verdict(compared: Comparison) -> str:
    if compared.identical:
        return "Same inputs, same bits: the device changed nothing."
    if compared.verdict == "rounding":
        return "Same inputs, another device: some bits differ, and every difference is rounding."
    return "Same inputs, another device: the difference is larger than rounding explains."


def _chart(compared: Comparison, name: str) -> Chart:
    counts = list(compared.histogram or ())
    counts += [0] * (BUCKETS - len(counts))
    shares = [
        count / compared.count for count in (*counts[: BUCKETS - 1], sum(counts[BUCKETS - 1 :]))
    ]
    lows = [0, *(2**power for power in range(BUCKETS - 1))]
    names = ["0", "1", "2–3", *(f"{low}–{2 * low - 1}" for low in lows[3:-1]), f"{lows[-1]}+"]
    bars = Series(f"CPU and {name}", range(BUCKETS), shares, "bars")
    return Chart((Panel(Axis.of("ULPs apart", names), Axis("share of the elements", 0), (bars,)),))


SAME_INPUTS = Experiment(
    name="same_inputs",
    question="What does another device change when the inputs are the same?",
    factor="device",
    controls=(
        Choice("operation", PRODUCT, (PRODUCT, SUM, GRADIENT)),
        DEVICES,
        LogRange("size", 256, 4, 9, base=2, help="rows and columns"),
        Seed(),
    ),
    measure=both_sides,
)
