"""What the switches do: operations repeated under each of four settings, with the time each costs.

Owns one experiment and the settings. The factor is the setting; inputs and device stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbook.causes.cudnn.catalogue import DEVICE, FAMILIES, FAMILY, REFUSED, REPEATS, quiet
from workbook.causes.cudnn.operations import REFUSALS, Operation, on
from workbook.causes.cudnn.repeats import repeat, seconds
from workbook.chart import Cells, Chart
from workbook.conditions import Changes, Conditions
from workbook.control import Seed
from workbook.experiment import Experiment
from workbook.result import Finding

DEFAULT, BENCHMARK, CUDNN, ALL = SETTINGS = (
    "as torch comes",
    "cudnn.benchmark",
    "cudnn.deterministic",
    "all deterministic",
)
CHANGES: dict[str, Changes] = {
    DEFAULT: {},
    BENCHMARK: {"cudnn_benchmark": True},
    CUDNN: {"cudnn_deterministic": True},
    ALL: {"deterministic": "on"},
}
TIMED = 8
ABSENT, RAISES = "absent", "raises"
COLUMNS = ("default", "benchmark", "cuDNN determ.", "all determ.")
KINDS = ("", "one result", "varies", "raises")


@dataclass(frozen=True)
class Outcome:
    """What became of an operation under a setting: distinct results (0 if it raised), seconds."""

    distinct: int
    seconds: float = 0.0
    said: str = ""


def compare_settings(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Repeat every operation of a family under each setting and time it."""
    table: dict[str, dict[str, Outcome]] = {}
    for row in FAMILIES[family]:
        line = {name: outcome(where.replace(**CHANGES[name]), row, repeats) for name in SETTINGS}
        if line[DEFAULT].distinct:
            table[row.name] = line
    varying = [name for name, line in table.items() if line[DEFAULT].distinct > 1]
    repaired = {
        setting: [name for name in varying if table[name][setting].distinct == 1]
        for setting in SETTINGS[1:]
    }
    raises = [name for name, line in table.items() if line[ALL].distinct == 0]
    left = [name for name in varying if name not in repaired[ALL] and name not in raises]
    values = {"varies": varying, "repaired": repaired, "raises": raises, "left": left}
    reading = (
        f"{len(varying)} vary; {CUDNN} repairs {len(repaired[CUDNN])}; deterministic algorithms "
        f"repair {len(repaired[ALL])} and raise on {len(raises)}"
    )
    verdict = _verdict(len(varying), len(repaired[CUDNN]), len(left))
    return Finding(verdict, reading, _chart(table), {"operations": len(table), **values})


def outcome(where: Conditions, row: Operation, repeats: int, *, timed: bool = True) -> Outcome:
    """Repeat one operation under these conditions and, if asked to, time it."""
    with quiet(), where:
        tensors = on(where, row.drawn())
        try:
            row.run(tensors)  # benchmarking, if it is on, happens here
            found = repeat(lambda: row.run(tensors), repeats)
            taken = seconds(lambda: row.run(tensors), TIMED) if timed else 0.0
            return Outcome(found.distinct, taken)
        except REFUSED as error:
            return Outcome(0, said=RAISES if any(r in str(error) for r in REFUSALS) else ABSENT)


def _verdict(varying: int, by_cudnn: int, left: int) -> str:
    if varying == 0:
        return "Nothing varied as torch comes, so there was nothing to repair."
    first = "Deterministic algorithms repair or refuse all that varied"
    if left:
        first = "Deterministic algorithms leave something varying"
    if by_cudnn == 0:
        return f"{first}; cudnn.deterministic repairs none of it."
    how = "all" if by_cudnn == varying else "some"
    return f"{first}; cudnn.deterministic repairs {how} of it."


def _chart(table: dict[str, dict[str, Outcome]]) -> Chart:
    text, shades = [], []
    for line in table.values():
        text.append(tuple(_words(line, name) for name in SETTINGS))
        shades.append(tuple(_shade(line[name]) for name in SETTINGS))
    return Chart((Cells.shaded(tuple(table), COLUMNS, tuple(shades), tuple(text), KINDS),))


def _words(line: dict[str, Outcome], setting: str) -> str:
    one, default = line[setting], line[DEFAULT]
    if one.said == RAISES:
        return RAISES
    if one.distinct == 0:
        return "no kernel" if default.distinct else one.said
    time = f"{one.seconds * 1e3:.2f} ms"
    if setting == DEFAULT:
        return f"{'varies' if one.distinct > 1 else 'same'}, {time}"
    if default.distinct > 1:
        return f"{'repaired' if one.distinct == 1 else 'no effect'}, {time}"
    return f"{'same' if one.distinct == 1 else 'varies'}, {time}"


def _shade(one: Outcome) -> int:
    return {0: 3, 1: 1}.get(one.distinct, 2)


SWITCHES = Experiment(
    name="switches",
    question="What do the switches do to an operation that varies, and what do they cost?",
    factor="the setting",
    controls=(FAMILY, REPEATS, Seed(), DEVICE),
    measure=compare_settings,
    recorded={"repeats": 64},
)
