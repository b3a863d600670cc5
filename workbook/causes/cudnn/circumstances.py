"""Circumstances: fragmented memory, the start of a view, and streams that run at once.

Owns one experiment. Each column changes one circumstance; numbers, operation and device stay. A
difference is judged by a bound for sums in any order.
"""

import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.bounds import HIGHAM, Bound, gamma
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.repeats import fingerprints
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Seed
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding
from workbook.wording import counted

SIZE, ROUNDS, STARTS, STREAMS = 2**16, 30, 17, 8
FRAGMENTS, OFFSET, AT_ONCE = COLUMNS = ("fragmented memory", "start of a view", "8 streams at once")
LEGEND: dict[Kind, str] = {"agrees": "same bits", "differs": "other bits", "not tried": "not here"}
Operation = Callable[[Tensor], Tensor]

# Each takes SIZE numbers; the second entry is how many are added for one result.
OPERATIONS: dict[str, tuple[Operation, int]] = {
    "matmul": (lambda x: x[:4096].view(64, 64) @ x[:4096].view(64, 64), 64),
    "convolution": (lambda x: F.conv2d(x[:4096].view(1, 4, 32, 32), x[:288].view(8, 4, 3, 3)), 36),
    "sum": (lambda x: x.sum().reshape(1), SIZE),
    "sum of rows": (lambda x: x.view(16, -1).sum(1), SIZE // 16),
    "dot": (lambda x: torch.dot(x[:1000], x[:1000]).reshape(1), 1000),
    "softmax": (lambda x: x.softmax(0), SIZE),
}


def change_circumstances(where: Conditions) -> Finding:
    """Compute the same six results in other memory, at other starts, on other streams."""
    numbers = torch.rand(SIZE).to(where.torch_device)
    compared: list[Comparison] = []
    table: dict[str, dict[str, Cell]] = {}
    counts: dict[str, dict[str, int]] = {}
    for name, (operation, length) in OPERATIONS.items():
        first = operation(numbers)
        columns = {
            FRAGMENTS: _fragmented(operation, numbers),
            OFFSET: [operation(view) for view in _views(numbers)],
            AT_ONCE: _at_once(operation, numbers),
        }
        bound = _bound(operation, numbers, length)
        counts[name] = {}
        for column, results in columns.items():
            key, *keys = fingerprints([first, *results])
            counts[name][column] = len({key, *keys})
            compared += [
                compare(other.cpu(), first.cpu(), bound=bound, first=column, second="before")
                for other in dict(zip(keys, results, strict=True)).values()
            ]
        table[name] = {c: _cell(counts[name][c] if columns[c] else 0) for c in COLUMNS}
    chart = Chart((Cells.of(table, LEGEND),))
    other = {c: [name for name in counts if counts[name][c] > 1] for c in COLUMNS}
    reading = f"the start of a view changes bits of: {', '.join(other[OFFSET]) or 'none'}"
    return Finding(_verdict(other, compared), reading, chart, {"other": other}, tuple(compared))


def _fragmented(operation: Operation, numbers: Tensor) -> list[Tensor]:
    """Compute after each of many rounds of taking and giving back memory of random sizes.

    All copies of the numbers are kept, so that each lies at another address.
    """
    held: list[Tensor] = []
    copies, results = [], []
    for _ in range(ROUNDS):
        held += [numbers.new_empty(random.randrange(1, 2**15)) for _ in range(8)]
        random.shuffle(held)
        del held[: len(held) // 2]
        copies.append(numbers.clone())
        results.append(operation(copies[-1]))
    return results


def _views(numbers: Tensor) -> list[Tensor]:
    """Place the numbers in views that start at the first, second, ... element of their memory."""
    views = []
    for start in range(STARTS):
        memory = numbers.new_zeros(len(numbers) + STARTS)
        view = memory[start : start + len(numbers)]
        views.append(view.copy_(numbers))
    return views


def _at_once(operation: Operation, numbers: Tensor) -> list[Tensor]:
    """Compute on each of several streams at once; no result where a device has no streams."""
    if numbers.device.type != "cuda":
        return []
    torch.cuda.synchronize()
    results = []
    for stream in [torch.cuda.Stream() for _ in range(STREAMS)]:  # type: ignore[no-untyped-call]
        with torch.cuda.stream(stream):
            results += [operation(numbers) for _ in range(4)]
    torch.cuda.synchronize()
    return results


def _bound(operation: Operation, numbers: Tensor, length: int) -> Bound:
    """Bound two sums of `length` products in any order: 2 gamma_(n+3) times the unsigned result.

    The numbers are positive, so the result has no cancellation; softmax adds an exponential and a
    division to its sum.
    """
    exact = operation(numbers.cpu().double())
    limit, name = 2 * gamma(length + 3, "float32") * exact, f"2 gamma_{length + 3}"
    return Bound(limit, name, HIGHAM, scale=exact, terms=length, term="term")


def _cell(count: int) -> Cell:
    if count == 0:
        return Cell("not here", "not tried")
    return Cell(counted(count, "result"), "differs" if count > 1 else "agrees")


def _verdict(other: dict[str, list[str]], compared: list[Comparison]) -> str:
    if not all(one.within for one in compared):
        return "A result changed by more than rounding."
    moved = [c for c in (FRAGMENTS, AT_ONCE) if other[c]]
    if moved:
        return f"Bits changed with {' and '.join(moved)}; every difference is rounding."
    return "Fragmented memory and streams changed no bit; the start of a view may, by rounding."


CIRCUMSTANCES = Experiment(
    name="circumstances",
    question="Does it matter where in memory numbers lie, or what else is running?",
    factor="one circumstance a column",
    controls=(Seed(), DEVICE),
    measure=change_circumstances,
    fixed=OPENING_CONDITIONS.replace(cudnn_tf32=False, matmul_precision="highest"),
)
