"""A CPU's own race: several threads add to few places, and so do gradients of what reads by index.

Owns one experiment. The factor is what keeps threads apart: nothing, one thread, or torch's
deterministic algorithms. Inputs, process and seed stay, and nothing is drawn on the way.
"""

import time
from functools import partial

from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.indexing import put
from workbook.causes.cudnn.operations import Operation, rand, whole
from workbook.causes.cudnn.repeats import repeat
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Changes, Conditions
from workbook.control import Choice
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding
from workbook.wording import counted

PLACES, REPEATED = 50, 20
SIZES = 4_000, 40_000, 100_000  # elements, which torch divides into parts of 32 768
THREADS = 4  # a part each of the largest; more would be woken to do nothing
SEVERAL, SINGLE, STRICT = COLUMNS = ("several threads", "one thread", "all deterministic")
CHANGES: dict[str, Changes] = {SEVERAL: {}, SINGLE: {"threads": 1}, STRICT: {"deterministic": "on"}}
LEGEND: dict[Kind, str] = {"agrees": "no other bits seen", "differs": "varies"}


def rows(elements: int) -> tuple[Operation, ...]:
    """List four operations in which threads add to one place, each beside one that adds otherwise.

    Several threads take part where torch divides the elements, into parts of 32 768.
    """
    table, index, values = rand(PLACES), whole(elements, high=PLACES), rand(elements)
    write, read = (table, index, values), (table, index)
    return (
        Operation(
            "index_put_, adding", write, lambda t, i, v: t.index_put((i,), v, accumulate=True)
        ),
        Operation("put_, adding", write, partial(put, True)),
        Operation("index_add_", write, lambda t, i, v: t.index_add(0, i, v)),
        Operation("x[i], gradient", read, lambda t, i: t[i], 0),
        Operation("take, gradient", read, lambda t, i: t.take(i), 0),
        Operation("index_select, gradient", read, lambda t, i: t.index_select(0, i), 0),
    )


def race(where: Conditions, *, elements: int) -> Finding:
    """Repeat each operation with several threads, with one, and under the strict flag."""
    counts: dict[str, dict[str, Count]] = {}
    times: dict[str, dict[str, float]] = {}
    drawn = [(row, row.drawn()) for row in rows(elements)]
    for column, changes in CHANGES.items():
        with where.replace(**changes):
            for row, tensors in drawn:
                started = time.perf_counter()
                repeats = repeat(partial(row.run, tensors), REPEATED + 1)
                taken = (time.perf_counter() - started) / (REPEATED + 1)
                counts.setdefault(row.name, {})[column] = repeats.count
                times.setdefault(row.name, {})[column] = taken
    varying = {c: [name for name, line in counts.items() if line[c].varies] for c in COLUMNS}
    reading = (
        f"with {counted(where.threads or 1, 'thread')} {len(varying[SEVERAL])} of {len(counts)} "
        "operations varied "
        f"in {REPEATED} repeats; with one thread {len(varying[SINGLE])}, with deterministic "
        f"algorithms {len(varying[STRICT])}"
    )
    table = {
        name: {c: _cell(count, times[name][c]) for c, count in line.items()}
        for name, line in counts.items()
    }
    values = {"varies": varying, "repeats": REPEATED}
    verdict = _verdict(varying[SINGLE], varying[STRICT])
    return Finding(verdict, reading, Chart((Cells.of(table, LEGEND),)), values)


def _cell(count: Count, taken: float) -> Cell:
    return Cell(f"{count}, {taken * 1e3:.2g} ms", "differs" if count.varies else "agrees")


def _verdict(single: list[str], strict: list[str]) -> str:
    if single:
        return f"Even with one thread a repeat had other bits: {single[0]}."
    if strict:
        return f"Even under deterministic algorithms a repeat had other bits: {strict[0]}."
    return (
        "Where results varied, several threads added: with one, or with deterministic algorithms, "
        "no repeat had other bits."
    )


ON_ONE_CPU = Experiment(
    name="threads_that_add",
    question="One process, one input, nothing random: can a CPU give two results?",
    factor="what keeps threads apart",
    controls=(Choice("elements", 40_000, SIZES, ordered=True),),
    measure=race,
    fixed=OPENING_CONDITIONS.replace(threads=THREADS),
)
