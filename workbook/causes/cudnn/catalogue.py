"""The catalogue: which operations vary from run to run, and which with something else.

Owns one experiment. The factor is the run: every repeat has the same inputs. Three more questions
are asked apart from it, each with one thing changed: the algorithm, the size of the batch, and the
device. For them an operation that varies by itself is asked in its deterministic form.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.causes.cudnn.arithmetic import ATTENTION, LOSSES, PRODUCTS, SUMS
from workbook.causes.cudnn.indexing import ADDING, GATHERING, OVERWRITING, SORTING
from workbook.causes.cudnn.layers import CONVOLUTION, POOLING, RESAMPLING
from workbook.causes.cudnn.operations import Operation, on
from workbook.causes.cudnn.repeats import Repeats, fingerprint, repeat
from workbook.chart import Cells, Chart
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, LogRange, Seed
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
REPEATS = LogRange("repeats", 4, 1, 3, base=4, help="how often each operation runs")
DEVICE = DeviceChoice("cpu", ("cpu", "cuda"))
COLUMNS = ("run to run", "V_c", "V_ermv", "ULPs", "algorithm", "batch", "device")
SAME, CHANGES, UNASKED = 1, 2, 0
KINDS = ("not asked", "same bits", "other bits")
REFUSED = (RuntimeError, NotImplementedError)


@dataclass(frozen=True)
class Answers:
    """What one operation did: its repeats, and whether a change of each other thing changed bits.

    None where a question does not arise, or cannot be told from run-to-run variation.
    """

    repeats: Repeats
    algorithm: bool | None
    batch: bool | None
    device: bool | None


def ask(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Repeat every operation of a family, then change one other thing at a time."""
    asked: dict[str, Answers | None] = {}
    for row in FAMILIES[family]:
        with quiet(), where:
            asked[row.name] = _answers(where, row, repeats)
    found = {name: one for name, one in asked.items() if one is not None}
    varies = [name for name, one in found.items() if one.repeats.distinct > 1]
    columns = ("algorithm", "batch", "device")
    changed = {c: [name for name, one in found.items() if getattr(one, c)] for c in columns}
    reading = f"{len(varies)} of {len(found)} vary in {repeats} runs; others change with the "
    parts = (f"{c} ({len(set(names) - set(varies))})" for c, names in changed.items())
    values = {"operations": len(found), "varies": varies, "absent": len(asked) - len(found)}
    verdict = _verdict(len(varies), len(found))
    chart = _chart(asked, repeats)
    return Finding(verdict, reading + ", ".join(parts), chart, {**values, **changed})


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings by which torch names the back ends that it lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def result_of(where: Conditions, row: Operation, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """The operation's result under these conditions, or None where torch raises."""
    try:
        with where:
            return row.run(tensors)
    except REFUSED:
        return None


def _answers(where: Conditions, row: Operation, repeats: int) -> Answers | None:
    host = row.drawn()
    tensors = on(where, host)
    if result_of(where, row, tensors) is None:
        return None
    repeated = repeat(lambda: row.run(tensors), repeats)
    varies = repeated.distinct > 1
    # TF32 would be a change of the format. Here it is off, so that only the order can change.
    still = where.replace(cudnn_tf32=False, deterministic="on" if varies else None)
    steady = result_of(still, row, tensors)
    others = {fingerprint(one) for one in _other_algorithms(where, row, tensors)}
    algorithm = bool(others - repeated.keys) if others else None
    if steady is None:
        return Answers(repeated, algorithm, None, None)
    alone = result_of(still, row, row.one_row(tensors)) if row.has_batch else None
    batch = None if alone is None else fingerprint(alone) != fingerprint(steady[:1])
    device = None
    if where.device != "cpu":
        there = result_of(still.replace(device="cpu"), row, host)
        device = None if there is None else fingerprint(there) != fingerprint(steady)
    return Answers(repeated, algorithm, batch, device)


def _other_algorithms(
    where: Conditions, row: Operation, tensors: tuple[Tensor, ...]
) -> Iterator[Tensor]:
    """The same operation by the other algorithms that torch's switches or the row can choose."""
    settings = (
        where.replace(deterministic="on"),
        where.replace(cudnn_benchmark=True),
        where.replace(cudnn_deterministic=True),
    )
    found = [result_of(other, row, tensors) for other in settings]
    libraries = torch.backends.cudnn, torch.backends.mkldnn
    for library in libraries:
        with library.flags(enabled=False):
            found.append(_tried(lambda: row.run(tensors)))
    if row.other:
        found.append(_tried(lambda: row.run(tensors, other=True)))
    yield from (one for one in found if one is not None)


def _tried(call: Callable[[], Tensor]) -> Tensor | None:
    try:
        return call()
    except REFUSED:
        return None


def _verdict(varying: int, count: int) -> str:
    if count == 0:
        return "None of these operations exists on this device."
    if varying == 0:
        return "No operation of this family varied from run to run."
    if varying == count:
        return "Every operation of this family varied from run to run."
    return "Some of these operations vary from run to run; the others never did."


def _chart(asked: dict[str, Answers | None], repeats: int) -> Chart:
    lines = [_line(one, repeats) for one in asked.values()]
    text = tuple(tuple(words for words, _ in line) for line in lines)
    shades = tuple(tuple(shade for _, shade in line) for line in lines)
    return Chart((Cells.shaded(tuple(asked), COLUMNS, shades, text, KINDS),))


def _line(one: Answers | None, repeats: int) -> list[tuple[str, int]]:
    if one is None:
        return [("absent", UNASKED), *[("", -1)] * 6]
    many = one.repeats
    if many.distinct > 1:
        line = [(f"{many.distinct} of {repeats}", CHANGES), (_percent(many.changed), CHANGES)]
        line += [(_short(many.apart), CHANGES), (_short(many.ulps), CHANGES)]
    else:
        line = [("1 result", SAME), *[("0", SAME)] * 3]
    for answer in (one.algorithm, one.batch, one.device):
        words = {None: "–", False: "same", True: "changes"}[answer]
        line.append((words, {None: UNASKED, False: SAME, True: CHANGES}[answer]))
    return line


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "<1%"


def _short(number: float) -> str:
    return f"{number}" if 0 <= number < 10_000 and number == int(number) else f"{number:.0e}"


CATALOGUE = Experiment(
    name="catalogue",
    question="Which operations vary from run to run, and which with something else?",
    factor="the run",
    controls=(FAMILY, REPEATS, Seed(), DEVICE),
    measure=ask,
    recorded={"repeats": 64},
)
