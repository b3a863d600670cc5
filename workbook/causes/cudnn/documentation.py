"""Torch's own list of operations that raise, beside what they do.

Owns reading the list out of the docstring of torch.use_deterministic_algorithms, and one
experiment. The factor is the source: what the list says, and what running it does.
"""

import itertools
import re
from dataclasses import dataclass
from functools import cache

import torch

from workbook.causes.cudnn.catalogue import DEVICE, FAMILIES, MOST, REPEATS
from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.operations import Operation
from workbook.causes.cudnn.series import ABSENT, RAISES, series
from workbook.causes.cudnn.switches import ALL, CHANGES
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding

REPAIRED, UNLISTED, RUNS = "made deterministic", "not listed", "runs"
SECTIONS = ((REPAIRED, "will act"), (RAISES, "will throw"))
LEGEND: dict[Kind, str] = {
    "agrees": "as the list has it",
    "wrong": "not as the list has it",
    "differs": "varies",
    "raises": "raises, not seen to vary",
}
SHOWN = 14
EVERY = "every operation"
KIND = Choice("family", "adding by index", (*FAMILIES, EVERY), help="which operations")


@cache
def listed() -> dict[str, tuple[str, ...]]:
    """List the docstring's lines under "will act deterministically" and under "will throw".

    Lists in a list (the modes of interpolate) belong to their line.
    """
    text = re.sub(r"\s+", " ", torch.use_deterministic_algorithms.__doc__ or "")
    lists = {}
    for word, opening in SECTIONS:
        _, _, rest = text.partition(f"operations {opening}")
        body = re.split(r"The following normally|In addition, several", rest)[0]
        lists[word] = tuple(line.strip() for line in body.split(" * ")[1:])
    return lists


def said_of(row: Operation, device: str) -> str:
    """Look up what the list says of an operation on a device."""
    words = row.entry.split()
    for said, lines in listed().items():
        for line in lines:
            here = [kind for kind in ("CUDA", "CPU") if kind in line]
            applies = not here or device.upper() in here
            forward = row.of is None and "attempting to differentiate" in line
            if words and applies and not forward and all(word in line for word in words):
                return said
    return UNLISTED


def compare_with_list(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Run each operation of the catalogue as torch comes, and under deterministic algorithms."""
    lines: dict[str, Line] = {}
    chosen = FAMILIES.values() if family == EVERY else (FAMILIES[family],)
    for row in itertools.chain(*chosen):
        default = series(where, row, repeats)
        if default.ran:
            strict = series(where.replace(**CHANGES[ALL]), row, repeats)
            called = {"": "still varies" if strict.varies else RUNS, ABSENT: "no kernel"}
            lines[row.name] = Line(
                said_of(row, where.device), called.get(strict.said, strict.said), default.count
            )
    unlike = [n for n, line in lines.items() if not line.as_listed]
    raises = [n for n, line in lines.items() if line.called == RAISES]
    unseen = [n for n in raises if not lines[n].count.varies]
    varying = [n for n, line in lines.items() if line.count.varies]
    surprises = [n for n in varying if lines[n].said == UNLISTED]
    reading = (
        f"{len(raises)} of {len(lines)} raise, {len(unseen)} of them were not seen to vary; "
        f"{len(unlike)} are not as listed; {len(surprises)} vary unlisted"
    )
    values = {
        "operations": len(lines), "raises": raises, "raises_unseen": unseen,
        "varies": varying, "not_as_listed": unlike, "varies_unlisted": surprises,
        "counts": {n: [line.count.other, line.count.repeats] for n, line in lines.items()},
    }  # fmt: skip
    shown = list(dict.fromkeys((*unlike, *unseen, *surprises)))[:SHOWN]
    table = {name: lines[name].cells for name in shown or raises or lines}
    verdict = _verdict(bool(raises), bool(unseen))
    return Finding(verdict, reading, Chart((Cells.of(table, LEGEND),)), values)


@dataclass(frozen=True)
class Line:
    """What the list says of an operation, what became of it, and how often it varied before."""

    said: str
    called: str
    count: Count

    @property
    def as_listed(self) -> bool:
        """Whether the operation raises if and only if the list says so."""
        return (self.said == RAISES) == (self.called == RAISES)

    @property
    def cells(self) -> dict[str, Cell]:
        """Make one row of the figure, by column."""
        unseen = self.called == RAISES and not self.count.varies
        kind: Kind = "raises" if unseen else "differs" if self.count.varies else "plain"
        return {
            "in the list": Cell(self.said),
            "when called": Cell(self.called, "agrees" if self.as_listed else "wrong"),
            "other bits before": Cell(str(self.count), kind),
        }


def _verdict(raises: bool, unseen: bool) -> str:
    if not raises:
        return "No operation raised."
    if unseen:
        return "Some operations raise that were not seen to vary: these are two lists."
    return "Every operation that raises also varied."


DOCUMENTED = Experiment(
    name="documented",
    question="Is torch's list of operations that raise the list of those that do, or that vary?",
    factor="the source: the list, or a call",
    controls=(KIND, REPEATS, DEVICE),
    measure=compare_with_list,
    recorded={"family": EVERY, "repeats": MOST},
)
