"""Overlapping memory: an operation that reads what it is writing.

Owns one experiment. The factor is a clone() of what is read; numbers, order and threads stay.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype, LogRange
from workbook.experiment import Experiment
from workbook.result import Finding

# Each writes into x and reads from y, which is x itself or a clone of it; n is half the length.
CASES: Mapping[str, Callable[[Tensor, Tensor], object]] = {
    "x.add_(x)": lambda x, y: x.add_(y),
    "x.div_(x.max())": lambda x, y: x.div_(y.max()),
    "x.div_(x[0])": lambda x, y: x.div_(y[0]),
    "x[1:].add_(x[:-1])": lambda x, y: x[1:].add_(y[:-1]),
    "m.add_(m.t())": lambda x, y: x[:16].view(4, 4).add_(y[:16].view(4, 4).t()),
    "x[::2].add_(x[:n])": lambda x, y: x[::2].add_(y[: len(y) // 2]),
    "x[::2].copy_(x[:n])": lambda x, y: x[::2].copy_(y[: len(y) // 2]),
    "x.masked_scatter_(even, x)": lambda x, y: x.masked_scatter_(_even(x), y),
}
RIGHT = Cell("right", "agrees")
WRONG = Cell("wrong, no error", "wrong")
RAISES = Cell("raises an error", "raises")
VARIES = Cell("wrong, and it varies", "wrong")
KINDS: dict[Kind, str] = {cell.kind: cell.text for cell in (RIGHT, WRONG, RAISES)}
RUNS, SEVERAL = 5, 4


def overlap_cases(where: Conditions, *, size: int) -> Finding:
    """Do each write several times, with and without a clone; hold the result beside float64's.

    With several threads only is counted what varies: that is a race, which may end alike.
    """
    as_written = {case: _outcome(case, where, size, clone=False) for case in CASES}
    cloned = {case: _outcome(case, where, size, clone=True) for case in CASES}
    table = {
        case: {"as written": as_written[case], "reading x.clone()": cloned[case]} for case in CASES
    }
    chart = Chart((Cells.of(table, KINDS),))
    kinds = {"right": RIGHT, "raises": RAISES, "wrong": WRONG, "varies": VARIES}
    values: dict[str, list[str]] = {
        name: [case for case in CASES if as_written[case] == kind] for name, kind in kinds.items()
    }
    cured = set(cloned.values()) == {RIGHT}
    count = {name: len(cases) for name, cases in values.items()}
    with where.replace(threads=SEVERAL):
        raced = [case for case in CASES if _outcome(case, where, size, clone=False) == VARIES]
    reading = (
        f"as written, {RUNS} runs: {count['right']} right, {count['raises']} raise, "
        f"{count['wrong']} wrong, the same each time; with {SEVERAL} threads {len(raced)} varied"
    )
    return Finding(_verdict(count, cured), reading, chart, {**values, "cured": cured})


def _outcome(case: str, where: Conditions, size: int, *, clone: bool) -> Cell:
    # 1, 2, 4, 1, 2, 4, ...: every right result is exact in every format.
    numbers = 2.0 ** (torch.arange(size) % 3)
    right, results = numbers.double(), []
    CASES[case](right, right.clone())
    for _ in range(1 if clone else RUNS):
        x = numbers.to(where.torch_dtype, copy=True)
        try:
            CASES[case](x, x.clone() if clone else x)
        except RuntimeError:
            return RAISES
        results.append(x)
    if not all(torch.equal(result, results[0]) for result in results):
        return VARIES
    return RIGHT if torch.equal(results[0].double(), right) else WRONG


def _even(x: Tensor) -> Tensor:
    return torch.arange(len(x)) % 2 == 0


def _verdict(count: Mapping[str, int], cured: bool) -> str:
    if not cured:
        return "Some writes are wrong even where they read a clone."
    if count["varies"]:
        return "Overlaps that torch does not notice give wrong values, and not the same each time."
    if count["wrong"]:
        return "torch refuses some overlaps; others give wrong values, here the same in every run."
    return "No overlap passes with wrong values."


OVERLAP = Experiment(
    name="overlap",
    question="What happens if an operation reads what it is writing?",
    factor="a clone of what is read",
    controls=(
        LogRange("size", 2**17, 6, 18, base=2, help="torch shares out work from 32,768 elements"),
        Dtype(),
        Choice("deterministic", "off", ("off", "on"), label="deterministic algorithms"),
    ),
    measure=overlap_cases,
    unmoved={
        "dtype": "Each right result is exact in every format: what is wrong is not rounding.",
        "deterministic": "The switch chooses kernels; it looks for no overlap.",
        "size": "One thread writes in one order, however much there is to write; several may vary.",
    },
)
