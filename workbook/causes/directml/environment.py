"""One environment variable, another process, the same machine: which bits change.

Owns one experiment. It is measured on the CPU, without any simulation: the same wheel on the same
processor stands for two versions of a driver, whose change nobody can see in the program either.
"""

import os
from functools import cache

from workbook.causes.directml.bits import PORTABLE, in_a_child
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.devices.facts import NUMERIC_VARIABLES
from workbook.experiment import Experiment
from workbook.result import Finding

VARIABLES = (
    "ATEN_CPU_CAPABILITY=default",
    "MKL_CBWR=COMPATIBLE",
    "OMP_NUM_THREADS=1",
    "none: the same again",
)
KINDS: dict[Kind, str] = {"agrees": "the same bits", "differs": "other bits"}


def second_process(where: Conditions, *, variable: str) -> Finding:
    """Run the fixed checks in two processes that differ in one environment variable.

    The first process has none of that name, also where the kernel has one.
    """
    name, _, value = variable.partition("=")
    now = tuple((each, os.environ.get(each, "")) for each in NUMERIC_VARIABLES)
    without = ((name, None),) if name in os.environ else ()  # one process for all that are not set
    sides = [without, ((name, value),)] if value else [(), ()]
    here, there = (_digests(now, more, process) for process, more in enumerate(sides))
    same = {check: here[check] == there[check] for check in here}
    table = {
        check: {
            "first process": Cell(here[check][:6]),
            variable: Cell(there[check][:6]),
            "compared": Cell("same", "agrees") if equal else Cell("other", "differs"),
        }
        for check, equal in same.items()
    }
    chart = Chart((Cells.of(table, KINDS, "first digits of a digest"),))
    changed = [check for check, equal in same.items() if not equal]
    reading = f"other bits on this machine in: {', '.join(changed) or 'none of the checks'}"
    return Finding(_verdict(changed), reading, chart, {"changed": tuple(changed)})


def _verdict(changed: list[str]) -> str:
    if set(changed) & set(PORTABLE):
        return "Even checks made of single IEEE operations changed: look for a fault."
    return (
        "Checks made of single IEEE operations keep their bits; only library routines may change."
    )


@cache
def _digests(
    now: tuple[tuple[str, str], ...], more: tuple[tuple[str, str | None], ...], process: int
) -> dict[str, str]:
    """Take a child process's digests; `now` is the part of the environment that they depend on.

    `process` tells apart two children of one environment: neither is compared with itself.
    """
    return in_a_child(dict(more))


ENVIRONMENT = Experiment(
    name="environment_variables",
    question="Can the environment change results while program and machine stay the same?",
    factor="one environment variable",
    controls=(Choice("variable", VARIABLES[0], VARIABLES, help="set in the second process alone"),),
    measure=second_process,
)
