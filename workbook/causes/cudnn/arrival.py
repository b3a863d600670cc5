"""Atomics, emulated: several writers add to one total, in the order in which they arrive.

Owns one experiment. The factor is the order of arrival; the numbers stay. On a GPU the writers are
blocks of threads; here a script gives the orders, or threads race for a lock.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from workbook.bounds import sum_bound
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import spacing
from workbook.result import Finding

SCRIPTED, RACE = "by script", "threads that race"
ROUNDS, WRITERS = 20, 4


def arrive(where: Conditions, *, schedule: str, blocks: int) -> Finding:
    """Add the sums of blocks to one total in many orders of arrival, and in the order of blocks."""
    numbers = torch.rand(blocks)
    scripts = [torch.randperm(blocks) for _ in range(ROUNDS)]
    orders = scripts if schedule == SCRIPTED else [_race(blocks) for _ in range(ROUNDS)]
    totals = torch.stack([_added(numbers[order]) for order in orders])
    sorted_back = torch.stack([_added(numbers[order[order.argsort()]]) for order in orders])
    bound = sum_bound(numbers, "float32", depth="any")
    compared = compare(totals, totals[:1].expand_as(totals), bound=bound + bound)
    exact = math.fsum(numbers.double().tolist())
    gap = spacing(exact, "float32")
    x = tuple(float(number + 1) for number in range(ROUNDS))
    errors = [tuple(((t.double() - exact) / gap).tolist()) for t in (totals, sorted_back)]
    limit = 2.0 ** math.ceil(math.log2(max(1.0, *map(abs, (*errors[0], *errors[1])))) + 0.1)
    series = (
        Series("in the order of arrival", x, errors[0], "points"),
        Series("in the order of the blocks", x, errors[1]),
    )
    axes = Axis("run", 0, ROUNDS + 1), Axis("error of the total in ULPs", -limit, limit)
    values = {
        "by_arrival": len(set(totals.tolist())),
        "by_block": len(set(sorted_back.tolist())),
        "orders": len({tuple(order.tolist()) for order in orders}),
    }
    reading = (
        f"{values['orders']} orders in {ROUNDS} runs: {values['by_arrival']} totals by arrival, "
        f"{values['by_block']} by block"
    )
    verdict = _verdict(schedule, values["by_arrival"], values["by_block"], compared.verdict)
    return Finding(verdict, reading, Chart((Panel(*axes, series),)), values, (compared,))


def _added(numbers: Tensor) -> Tensor:
    """Add one number after another, as an atomic add does."""
    total = torch.zeros(())
    for number in numbers.unbind():
        total = total + number
    return total


def _race(blocks: int) -> Tensor:
    """Give the order in which threads got hold of a lock; each brings every fourth block."""
    arrived: list[int] = []
    lock, start = threading.Lock(), threading.Event()

    def write(first: int) -> None:
        start.wait()
        for block in range(first, blocks, WRITERS):
            time.sleep(0)  # lets another thread go first
            with lock:
                arrived.append(block)

    with ThreadPoolExecutor(max_workers=WRITERS) as threads:
        try:
            writes = [threads.submit(write, first) for first in range(WRITERS)]
        finally:  # also where no more threads can be started, so that none waits for ever
            start.set()
        for each in writes:
            each.result()
    return torch.tensor(arrived)


def _verdict(schedule: str, arrival: int, block: int, word: str) -> str:
    if word not in ("identical", "rounding"):
        return "Two totals differ by more than another order explains."
    if block != 1:
        return "Even in the order of the blocks the total varies."
    if schedule == RACE:
        return "Whoever arrives first, totals differ by rounding at most; by block there is one."
    if arrival == 1:
        return "Every order of arrival gives one total."
    return "Other orders of arrival give other totals; added by block, there is one."


ARRIVAL = Experiment(
    name="arrival",
    question="Several writers add to one total: does the order in which they arrive matter?",
    factor="order of arrival",
    controls=(
        Choice("schedule", SCRIPTED, (SCRIPTED, RACE)),
        LogRange("blocks", 64, 1, 8, base=2, help="how many sums arrive"),
        Seed(),
    ),
    measure=arrive,
)
