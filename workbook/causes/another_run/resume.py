"""A training that was stopped and continued, held against the same training without a stop.

Owns one experiment. The factor is the part of the state that the checkpoint leaves out; program,
seed, rows and the step at which it stops are the same.
"""

from torch import Tensor

from workbook.causes.another_run.training import (
    HALF,
    OPTIMIZERS,
    SAVE,
    SINGLE,
    STEPS,
    Training,
    checkpoint,
    resumed,
)
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, Integer, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

NOTHING = "nothing"
SCALER = "the scaler"
NEXT, END, ORDER = "after the next step", "at the end", "order of the next new epoch"
FIRST, OWN, ANOTHER = "that of epoch 1", "as without a stop", "another one"
LEGEND: dict[Kind, str] = {
    "agrees": "as without a stop, in every bit",
    "differs": "another run; the number is the largest difference of a weight",
}


def leave_out(where: Conditions, *, optimizer: str, gradients: str, stop: int) -> Finding:
    """Stop after `stop` steps, continue without each part in turn, and compare with no stop."""
    whole = Training(where.seed or 0, optimizer, gradients)
    _, first_orders = _go_on(whole, stop)
    saved, skipped_before = checkpoint(whole), whole.skipped
    next_numbers, orders = _go_on(whole, STEPS - stop)
    end = whole.numbers()
    table: dict[str, dict[str, Cell]] = {}
    differing: dict[str, float] = {}
    skipped = {"no stop": whole.skipped - skipped_before}
    for part in (NOTHING, *SAVE):
        training = resumed(whole.start, saved, part)
        after_one, new_orders = _go_on(training, STEPS - stop)
        table[part] = {NEXT: _cell(after_one, next_numbers), END: _cell(training.numbers(), end)}
        differing[part] = _apart(training.numbers(), end)
        skipped[part] = training.skipped
        if orders and new_orders:
            table[part][ORDER] = _order(new_orders[0], first_orders[0], orders[0])
    exact = [part for part, gap in differing.items() if gap == 0]
    furthest = max(differing, key=lambda part: differing[part])
    reading = f"furthest off at the end: without {furthest}, by up to {differing[furthest]:.1g}"
    if gradients == HALF:
        reading += (
            f"; steps skipped after the stop: {skipped['no stop']}, without the scaler's state "
            f"{skipped[SCALER]}"
        )
    chart = Chart((Cells.of(table, LEGEND, "the checkpoint leaves out"),))
    orders_after = {part: line[ORDER].text for part, line in table.items() if ORDER in line}
    values = {"exact": exact, "differing": differing, "order": orders_after, "skipped": skipped}
    return Finding(_verdict(exact), reading, chart, values)


def _go_on(training: Training, steps: int) -> tuple[Tensor, list[list[int]]]:
    """Take the steps; give the numbers after the first of them, and the orders of new epochs."""
    orders = []
    for step in range(steps):
        training.step()
        if step == 0:
            after_one = training.numbers()
        if training.batch == 1:
            orders.append(training.order)
    return after_one, orders


def _apart(first: Tensor, second: Tensor) -> float:
    return 0.0 if bits_equal(first, second) else float((first - second).abs().max())


def _cell(first: Tensor, second: Tensor) -> Cell:
    apart = _apart(first, second)
    return Cell(f"{apart:.1g}", "differs") if apart else Cell("equal bits", "agrees")


def _order(order: list[int], first: list[int], own: list[int]) -> Cell:
    if order == own:
        return Cell(OWN, "agrees")
    return Cell(FIRST if order == first else ANOTHER, "differs")


def _verdict(exact: list[str]) -> str:
    if NOTHING not in exact:
        return "Even with everything restored the run is another one."
    harmless = [part for part in exact if part != NOTHING]
    if not harmless:
        return "Restored in full the run continues in every bit; without any one part it does not."
    return (
        "Restored in full the run continues in every bit; left out here without a trace: "
        f"{', '.join(harmless)}."
    )


RESUMED = Experiment(
    "resumed",
    "What must a checkpoint hold?",
    "the part that the checkpoint leaves out",
    (
        Choice("optimizer", "Adam", tuple(OPTIMIZERS)),
        Choice("gradients", SINGLE, (SINGLE, HALF)),
        Integer("stop", 4, 1, STEPS - 1, label="stop after", help="the step after which it stops"),
        Seed(),
    ),
    leave_out,
)
