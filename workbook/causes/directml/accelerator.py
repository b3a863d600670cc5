"""The simulated accelerator with its settings in the reader's hand.

Owns one experiment. The factor is the order in which a processor adds; both sides compute in
float32 from the same numbers, and the exact result is known from float64.
"""

import torch
from torch import Tensor

from workbook.bounds import matmul_bound, sum_bound
from workbook.chart import Axis, Chart, Panel, Series, reach
from workbook.comparison import compare, error_of
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed, Toggle
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.simulated import SimulatedAccelerator
from workbook.simulated.reduction import ORDERS
from workbook.wording import percent

PRODUCT, SUM = "matrix product", "sum of each row"
STEPS = 33  # bars of the histograms, an odd number so that one is around 0


def orders_of_adding(
    where: Conditions, *, operation: str, tile: int, order: str, lanes: int, fma: bool, size: int
) -> Finding:
    """Hold the CPU's and the accelerator's errors side by side, in ULPs of the exact result."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    with Conditions():
        ours = _compute(operation, a, b)
        exact = _compute(operation, a.double(), b.double())
        with SimulatedAccelerator(tile=tile, order=order, lanes=lanes, fma=fma):
            theirs = _compute(operation, a, b)
        bound = (
            matmul_bound(a, b, "float32")
            if operation == PRODUCT
            else sum_bound(a, "float32", 1, depth="any")
        )
        errors = [_in_ulps(result, exact) for result in (ours, theirs)]
        nearer = int((errors[1].abs() < errors[0].abs()).sum())
        farther = int((errors[1].abs() > errors[0].abs()).sum())
    judged = [error_of(result, exact, bound=bound) for result in (ours, theirs)]
    apart = compare(ours, theirs, bound=bound + bound, first="CPU", second="simulated accelerator")
    worst = [float(error.abs().max()) for error in errors]
    reading = f"largest error: CPU {worst[0]:.2g} ULP, simulated {worst[1]:.2g} ULP; "
    reading += f"{percent(apart.share)} of the elements differ"
    counts = {"differing": apart.differing, "nearer": nearer, "farther": farther}
    values = {**counts, "CPU worst": worst[0], "simulated worst": worst[1]}
    wrong = not all(error.within for error in judged)
    verdict = _verdict(wrong, apart.identical)
    return Finding(verdict, reading, _chart(errors), values, (*judged, apart))


def _compute(operation: str, a: Tensor, b: Tensor) -> Tensor:
    return a @ b if operation == PRODUCT else a.sum(dim=1)


def _in_ulps(result: Tensor, exact: Tensor) -> Tensor:
    """Give the error in units of float32's spacing at the exact result."""
    _, exponent = torch.frexp(exact)
    return (result.double() - exact).ldexp(24 - exponent)


def _verdict(wrong: bool, identical: bool) -> str:
    if wrong:
        return "One of the two is further from the exact result than rounding explains."
    if identical:
        return "Here both sides add in ways that round alike: every bit agrees."
    return "Both are near the exact result and neither is exact: they add in different orders."


def _chart(errors: list[Tensor]) -> Chart:
    # Few elements lie far out: they count in the outermost bars.
    limit = reach(*(error.abs().flatten().quantile(0.995) for error in errors))
    step = 2 * limit / (STEPS - 1)
    places = [-limit + step * i for i in range(STEPS)]
    series = []
    for name, error in zip(("CPU", "simulated accelerator"), errors, strict=True):
        cut = (
            torch.histc(error.clamp(-limit, limit), STEPS, -limit - step / 2, limit + step / 2)
            / error.numel()
        )
        series.append(Series(name, places, cut, "steps"))
    x = Axis("error in ULPs of the exact result", -limit - step, limit + step)
    return Chart((Panel(x, Axis("share of the elements", 0), tuple(series)),))


ACCELERATOR = Experiment(
    name="simulated_accelerator",
    question="How does a processor's way of adding change its rounding?",
    factor="order of the additions",
    controls=(
        Choice("operation", PRODUCT, (PRODUCT, SUM)),
        LogRange("tile", 16, 0, 7, base=2, help="products added one after another, per tile"),
        Choice("order", "sequential", ORDERS, help="how tiles, and rows of lanes, are added"),
        LogRange("lanes", 64, 0, 7, base=2, help="running sums side by side, in a sum"),
        Toggle(
            "fma",
            False,
            label="fused",
            help="multiply and add with one rounding: a tile of one product has nothing to add to",
        ),
        LogRange("size", 128, 4, 8, base=2, help="rows and columns"),
        Seed(),
    ),
    measure=orders_of_adding,
    fixed=Conditions(device="simulated", threads=1, seed=0),
)
