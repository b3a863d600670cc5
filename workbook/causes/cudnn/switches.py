"""What the switches do: operations repeated under each of five settings, with the time each costs.

Owns one experiment and the settings. The factor is the setting; inputs and device stay.
"""

from workbook.causes.cudnn.catalogue import DEVICE, FAMILIES, FAMILY, MOST, REPEATS
from workbook.causes.cudnn.operations import Operation
from workbook.causes.cudnn.series import ABSENT, RAISES, Series, series
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Changes, Conditions
from workbook.experiment import Experiment
from workbook.result import Finding

DEFAULT, BENCHMARK, CUDNN, WARN, ALL = SETTINGS = (
    "as torch comes",
    "cudnn.benchmark",
    "cudnn.deterministic",
    "warn only",
    "all deterministic",
)
CHANGES: dict[str, Changes] = {
    DEFAULT: {},
    BENCHMARK: {"cudnn_benchmark": True},
    CUDNN: {"cudnn_deterministic": True},
    WARN: {"deterministic": "warn"},
    ALL: {"deterministic": "on"},
}
# What stands above the columns of the figure, where there is little room.
COLUMNS = ("default", "benchmark", "cuDNN determ.", "warn only", "all determ.")
LEGEND: dict[Kind, str] = {"agrees": "no other bits seen", "differs": "varies", "raises": "raises"}


def compare_settings(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Repeat every operation of a family under each setting and time it."""
    table = {row.name: under_each(where, row, repeats) for row in FAMILIES[family]}
    table = {name: line for name, line in table.items() if line[DEFAULT].ran}
    varying = [name for name, line in table.items() if line[DEFAULT].varies]
    repaired = {
        setting: [name for name in varying if settled(table[name][setting])]
        for setting in SETTINGS[1:]
    }
    raises = [name for name, line in table.items() if line[ALL].said == RAISES]
    left = [name for name, line in table.items() if line[ALL].varies]
    values = {
        "operations": len(table), "varies": varying, "repaired": repaired, "raises": raises,
        "left": left, "warned": [name for name, line in table.items() if line[WARN].varies],
        "counts": {
            name: {s: [o.count.other, o.count.repeats] for s, o in line.items() if o.ran}
            for name, line in table.items()
        },
    }  # fmt: skip
    reading = (
        f"{len(varying)} vary; {CUDNN} settles {len(repaired[CUDNN])}; deterministic algorithms "
        f"settle {len(repaired[ALL])} and raise on {len(raises)}"
    )
    verdict = _verdict(len(varying), len(repaired[CUDNN]), len(left))
    shown = {
        name: {c: _cell(line[s]) for c, s in zip(COLUMNS, SETTINGS, strict=True)}
        for name, line in table.items()
    }
    return Finding(verdict, reading, Chart((Cells.of(shown, LEGEND),)), values)


def under_each(where: Conditions, row: Operation, repeats: int) -> dict[str, Series]:
    """Run one operation's series under every setting."""
    return {name: series(where.replace(**CHANGES[name]), row, repeats) for name in SETTINGS}


def settled(series: Series) -> bool:
    """Say whether the operation ran and no repeat had other bits."""
    return series.ran and not series.varies


def _verdict(varying: int, by_cudnn: int, left: int) -> str:
    if varying == 0:
        return "Nothing was seen to vary as torch comes, so there was nothing to settle."
    first = "Under deterministic algorithms what varied raises, or was not seen to vary"
    if left:
        first = "Under deterministic algorithms something still varies"
    if by_cudnn == 0:
        return f"{first}; cudnn.deterministic settles none of it."
    how = "all" if by_cudnn == varying else "some"
    return f"{first}; cudnn.deterministic settles {how} of it."


def _cell(series: Series) -> Cell:
    if series.said:
        return Cell("no kernel" if series.said == ABSENT else RAISES, "raises")
    words = f"{series.count}, {series.seconds * 1e3:.2g} ms"
    return Cell(words, "differs" if series.varies else "agrees")


SWITCHES = Experiment(
    name="switches",
    question="What do the switches do to an operation that varies, and what do they cost?",
    factor="the setting",
    controls=(FAMILY, REPEATS, DEVICE),
    measure=compare_settings,
    recorded={"repeats": MOST},
)
