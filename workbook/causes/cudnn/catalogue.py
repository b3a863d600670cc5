"""The catalogue: which operations vary from run to run, and which with something else.

Owns one experiment. The factor is the run: every repeat has the same inputs. Three more questions
are asked separately, each with one thing changed: the algorithm, the size of the batch, and the
device. An operation that varies from run to run is compared in its deterministic form; where that
form raises, and for the question of the algorithm, it has no answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.causes.cudnn.arithmetic import ATTENTION, LOSSES, PRODUCTS, SUMS
from workbook.causes.cudnn.indexing import ADDING, GATHERING, OVERWRITING, SORTING
from workbook.causes.cudnn.layers import CONVOLUTION, POOLING, RESAMPLING
from workbook.causes.cudnn.operations import Operation, on
from workbook.causes.cudnn.repeats import fingerprint
from workbook.causes.cudnn.series import REFUSED, Series, quiet, series
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Integer
from workbook.experiment import Experiment
from workbook.result import Finding

FAMILIES: dict[str, tuple[Operation, ...]] = {
    "adding by index": ADDING,
    "writing by index, sorting": OVERWRITING + SORTING,
    "gathering, gradients": GATHERING,
    "convolution": CONVOLUTION,
    "pooling, padding": POOLING,
    "resampling": RESAMPLING,
    "products, norms, losses": PRODUCTS + LOSSES,
    "sums": SUMS,
    "attention, LSTM": ATTENTION,
}
FAMILY = Choice("family", "adding by index", tuple(FAMILIES), help="which operations")
# 59 equal repeats say "rarer than 5 %", 299 say "rarer than 1 %".
REPEATS = Integer("repeats", 5, 5, 299, step=6, help="runs after the first one")
MOST = 299
DEVICE = DeviceChoice("cpu", ("cpu", "cuda"))
ALGORITHM, BATCH, PLACE = OTHERS = ("algorithm", "batch", "device")
LEGEND: dict[Kind, str] = {"agrees": "same bits", "differs": "other bits", "not tried": "not asked"}


@dataclass(frozen=True)
class Answers:
    """What one operation did: its repeats, and what else changed its bits.

    None where a question does not arise, or cannot be told from run-to-run variation.
    """

    series: Series
    algorithm: bool | None = None
    batch: bool | None = None
    device: bool | None = None


def ask(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Repeat a family's operations, then change algorithm, batch and device, one at a time."""
    every = {row.name: _answers(where, row, repeats) for row in FAMILIES[family]}
    ran = {name: answers for name, answers in every.items() if answers.series.ran}
    counts = {name: answers.series.count for name, answers in ran.items()}
    varies = [name for name, count in counts.items() if count.varies]
    changed = {what: [name for name, row in ran.items() if getattr(row, what)] for what in OTHERS}
    least = min((count.repeats for count in counts.values()), default=0)
    reading = f"{len(varies)} of {len(ran)} vary in {least} repeats; others change with the "
    parts = (f"{what} ({len(set(names) - set(varies))})" for what, names in changed.items())
    values = {
        "operations": len(ran),
        "varies": varies,
        "absent": len(every) - len(ran),
        "counts": {name: [count.other, count.repeats] for name, count in counts.items()},
        **changed,
    }
    table = {name: _line(answers) for name, answers in every.items()}
    one_thread = where.device == "cpu" and where.threads == 1
    verdict = _verdict(len(varies), len(ran), one_thread=one_thread)
    return Finding(verdict, reading + ", ".join(parts), Chart((Cells.of(table, LEGEND),)), values)


def result_of(where: Conditions, row: Operation, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """Compute the operation's result under these conditions; None where torch raises."""
    with where:
        return _tried(lambda: row.run(tensors))


def _answers(where: Conditions, row: Operation, repeats: int) -> Answers:
    ran = series(where, row, repeats)
    if ran.repeats is None:
        return Answers(ran)
    with quiet(), where:
        host = row.drawn()
        tensors = on(where, host)
        # TF32 would be a change of the format. Here it is off, so that only the order can change.
        still = where.replace(cudnn_tf32=False, deterministic="on" if ran.varies else None)
        steady = result_of(still, row, tensors)
        others = {fingerprint(result) for result in _other_algorithms(where, row, tensors)}
        algorithm = bool(others - set(ran.repeats.keys)) if others and not ran.varies else None
        if steady is None:
            return Answers(ran, algorithm)
        single = result_of(still, row, row.one_row(tensors)) if row.has_batch else None
        batch = None if single is None else fingerprint(single) != fingerprint(steady[:1])
        device = None
        if where.device != "cpu":
            there = result_of(still.replace(device="cpu"), row, host)
            device = None if there is None else fingerprint(there) != fingerprint(steady)
    return Answers(ran, algorithm, batch, device)


def _other_algorithms(
    where: Conditions, row: Operation, tensors: tuple[Tensor, ...]
) -> Iterator[Tensor]:
    """Compute the operation by the other algorithms that torch's switches or its row can choose."""
    settings = (
        where.replace(deterministic="on"),
        where.replace(cudnn_benchmark=True),
        where.replace(cudnn_deterministic=True),
    )
    results = [result_of(other, row, tensors) for other in settings]
    libraries = torch.backends.cudnn, torch.backends.mkldnn
    for library in libraries:
        with library.flags(enabled=False):
            results.append(_tried(lambda: row.run(tensors)))
    if row.other:
        results.append(_tried(lambda: row.run(tensors, other=True)))
    yield from (result for result in results if result is not None)


def _tried(compute: Callable[[], Tensor]) -> Tensor | None:
    try:
        return compute()
    except REFUSED:
        return None


def _verdict(varying: int, count: int, *, one_thread: bool) -> str:
    if count == 0:
        return "None of these operations exists on this device."
    if varying == 0:
        none = "With one thread, no" if one_thread else "No"
        return f"{none} operation of this family was seen to vary from run to run."
    if varying == count:
        return "Every operation of this family varies from run to run."
    return "Some of these operations vary from run to run; the others were not seen to."


def _line(answers: Answers) -> dict[str, Cell]:
    """Make one row of the figure, by column."""
    many = answers.series.repeats
    if many is None:
        return {"other bits": Cell(answers.series.said, "not tried")}
    count = answers.series.count
    if count.varies:
        words = (str(count), str(many.distinct), _percent(many.changed),
                 _short(many.apart), _short(many.ulps))  # fmt: skip
        cells = [Cell(word, "differs") for word in words]
    else:
        words = (str(count), f"1 ({count.proof})", "0", "0", "0")
        cells = [Cell(word, "agrees") for word in words]
    line = dict(zip(("other bits", "results", "V_c", "V_ermv", "ULPs"), cells, strict=True))
    return {**line, **{what: _answer(getattr(answers, what)) for what in OTHERS}}


def _answer(changed: bool | None) -> Cell:
    if changed is None:
        return Cell("–", "not tried")
    return Cell("changes", "differs") if changed else Cell("same", "agrees")


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "<1%"


def _short(number: float) -> str:
    return f"{number}" if 0 <= number < 10_000 and number == int(number) else f"{number:.0e}"


CATALOGUE = Experiment(
    name="catalogue",
    question="Which operations vary from run to run, and which with something else?",
    factor="the run",
    controls=(FAMILY, REPEATS, DEVICE),
    measure=ask,
    recorded={"repeats": MOST},
)
