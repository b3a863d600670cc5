"""The order of a sum: six numbers in every order, and thousands in a few orders.

Owns two experiments. The factor of both is the order of the additions; numbers, format, device and
threads stay as they are.
"""

import itertools
import math
from collections import Counter

import torch

from workbook.bounds import Bound, sum_bound
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, Integer, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import spacing
from workbook.result import Finding
from workbook.wording import counted, percent

# 1 + 0.1, 2 + 0.2, 3 + 0.3 and their products: the numbers of a program that calls addition
# associative. On paper their sum is 8.
SIX = (1.1, 2.2, 3.3, 0.1, 0.4, 0.9)


def every_order(where: Conditions) -> Finding:
    """Add six numbers left to right in all 720 orders and count the distinct sums."""
    numbers = torch.tensor(SIX, dtype=where.torch_dtype, device=where.torch_device)
    orders = torch.tensor(list(itertools.permutations(range(len(SIX)))))
    columns = numbers[orders.to(numbers.device)].unbind(dim=1)
    sums = columns[0]
    for column in columns[1:]:
        sums = sums + column  # one rounding an addition, the same on every machine
    compared = _against_first(sums.cpu(), sum_bound(numbers.cpu(), numbers.dtype, depth="any"))
    counted = sorted(Counter(sums.cpu().double().tolist()).items())
    heights = [count for _, count in counted]
    bars = Series("how many of 720", range(len(counted)), heights, "bars")
    x = Axis.of("the sum", [f"{value:.9g}" for value, _ in counted])
    chart = Chart((Panel(x, Axis("orders", low=0, high=760), (bars,)),))
    reading = f"{len(counted)} distinct sums from {len(orders)} orders; {_apart(compared)}"
    values = {"distinct": len(counted)}
    return Finding(_verdict(compared, "six numbers"), reading, chart, values, (compared,))


def some_orders(where: Conditions, *, size: int, orders: int) -> Finding:
    """Sum the same numbers in several orders with the library's own sum."""
    drawn = torch.rand(size, dtype=torch.float64)  # so that every format has to round its sums
    numbers = drawn.to(where.torch_device, where.torch_dtype)
    shuffled = [torch.randperm(size).to(numbers.device) for _ in range(orders - 1)]
    sums = torch.stack([numbers.sum(), *(numbers[order].sum() for order in shuffled)]).cpu()
    compared = _against_first(sums, sum_bound(numbers, where.adds_in, result=numbers.dtype))
    exact = math.fsum(numbers.cpu().double().tolist())
    gap = spacing(exact, str(where.dtype))
    errors = [(value - exact) / gap for value in sums.double().tolist()]
    points = Series("each order", range(1, orders + 1), errors, "points")
    level = Series("the exact sum", (), 0, "rule")
    x, y = Axis("order", 0, orders + 1), Axis.around("error of the sum in ULPs", errors, least=2)
    distinct = len(set(sums.tolist()))
    reading = f"{distinct} distinct sums from {orders} orders; {_apart(compared)}"
    chart = Chart((Panel(x, y, (points, level)),))
    return Finding(
        _verdict(compared, "numbers"), reading, chart, {"distinct": distinct}, (compared,)
    )


def _against_first(sums: torch.Tensor, bound: Bound) -> Comparison:
    first = sums[:1].expand_as(sums)
    return compare(sums, first, bound=bound + bound, first="each order", second="the first order")


def _verdict(compared: Comparison, what: str) -> str:
    if compared.identical:
        return f"The same {what} give one sum in every order tried."
    if compared.verdict == "rounding":
        return f"The same {what} give more than one sum: only their order changed."
    return f"The same {what} give sums further apart than rounding explains."


def _apart(compared: Comparison) -> str:
    if compared.identical:
        return "no two differ"
    return (
        f"at most {counted(compared.max_ulps or 0, 'ULP')} from the first, "
        f"{percent(compared.bound_used or 0, 2)} of the bound"
    )


SIX_NUMBERS = Experiment(
    name="six_numbers",
    question="Does the order of six numbers change their sum?",
    factor="reduction order",
    controls=(Dtype(), DeviceChoice()),
    measure=every_order,
    unmoved={"device": "Each addition rounds as IEEE 754 says, on every device tried."},
)
MANY_NUMBERS = Experiment(
    name="many_numbers",
    question="Does the order of many numbers change the library's sum?",
    factor="reduction order",
    controls=(
        Seed(),
        LogRange("size", 10_000, 2, 5, help="how many numbers are added"),
        Integer("orders", 50, 2, 100, help="how many orders are tried"),
        Dtype(),
        DeviceChoice(),
    ),
    measure=some_orders,
)
