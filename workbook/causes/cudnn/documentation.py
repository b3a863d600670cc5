"""Torch's own list of operations that raise, beside what they do.

Owns reading the list out of the docstring of torch.use_deterministic_algorithms, and one
experiment. The factor is the source: what the list says, and what a call does.
"""

from __future__ import annotations

import itertools
import re
from functools import cache

import torch

from workbook.causes.cudnn.catalogue import DEVICE, FAMILIES, REPEATS
from workbook.causes.cudnn.operations import Operation
from workbook.causes.cudnn.switches import ABSENT, ALL, CHANGES, RAISES, outcome
from workbook.chart import Cells, Chart
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

REPAIRED, UNLISTED, RUNS = "made deterministic", "not listed", "runs"
SECTIONS = ((REPAIRED, "will act"), (RAISES, "will throw"))
COLUMNS = ("in the list", "when called", "varied before")
KINDS = ("", "as the list has it", "not as the list has it", "raises, never varied")
SHOWN = 14
EVERY = "every operation"
KIND = Choice("family", "adding by index", (*FAMILIES, EVERY), help="which operations")


@cache
def listed() -> dict[str, tuple[str, ...]]:
    """The lines of the docstring under "will act deterministically" and under "will throw".

    Lists in a list (the modes of interpolate) belong to their line.
    """
    text = re.sub(r"\s+", " ", torch.use_deterministic_algorithms.__doc__ or "")
    found = {}
    for word, opening in SECTIONS:
        _, _, rest = text.partition(f"operations {opening}")
        body = re.split(r"The following normally|In addition, several", rest)[0]
        found[word] = tuple(line.strip() for line in body.split(" * ")[1:])
    return found


def said_of(row: Operation, device: str) -> str:
    """What the list says of an operation on a device."""
    for word, lines in listed().items():
        for line in lines:
            here = [kind for kind in ("CUDA", "CPU") if kind in line]
            applies = not here or device.upper() in here
            forward = row.of is None and "attempting to differentiate" in line
            if row.entry and applies and not forward and all(one in line for one in row.entry):
                return word
    return UNLISTED


def compare_with_list(where: Conditions, *, family: str, repeats: int) -> Finding:
    """Call each operation of the catalogue as torch comes, then with deterministic algorithms."""
    lines: dict[str, tuple[str, str, str]] = {}
    chosen = FAMILIES.values() if family == EVERY else (FAMILIES[family],)
    for row in itertools.chain(*chosen):
        default = outcome(where, row, repeats, timed=False)
        strict = outcome(where.replace(**CHANGES[ALL]), row, 2, timed=False)
        if default.said == ABSENT:
            continue
        varied = "varied" if default.distinct > 1 else "never"
        refused = "no kernel" if strict.said == ABSENT else strict.said
        called = refused or (RUNS if strict.distinct == 1 else "still varies")
        lines[row.name] = (said_of(row, where.device), called, varied)
    unlike = [name for name, line in lines.items() if (line[0] == RAISES) != (line[1] == RAISES)]
    raises = [name for name, line in lines.items() if line[1] == RAISES]
    steady = [name for name in raises if lines[name][2] == "never"]
    varying = [name for name, line in lines.items() if line[2] == "varied"]
    surprises = [n for n in varying if lines[n][0] == UNLISTED]
    reading = (
        f"{len(raises)} of {len(lines)} raise, {len(steady)} of them never varied; "
        f"{len(unlike)} are not as listed; {len(surprises)} vary unlisted"
    )
    values = {
        "operations": len(lines), "raises": raises, "raises_and_never_varied": steady,
        "varies": varying, "not_as_listed": unlike, "varies_unlisted": surprises,
    }  # fmt: skip
    shown = list(dict.fromkeys((*unlike, *steady, *surprises)))[:SHOWN]
    verdict = _verdict(bool(raises), bool(steady))
    return Finding(
        verdict, reading, _chart({n: lines[n] for n in shown or raises or lines}), values
    )


def _verdict(raises: bool, steady: bool) -> str:
    if not raises:
        return "No operation raised."
    if steady:
        return "Some operations raise that never varied: to raise and to vary are two lists."
    return "Every operation that raises also varied."


def _chart(lines: dict[str, tuple[str, str, str]]) -> Chart:
    shades = []
    for said, called, varied in lines.values():
        fits = 1 if (said == RAISES) == (called == RAISES) else 2
        shades.append((0, fits, 3 if called == RAISES and varied == "never" else 0))
    cells = Cells.shaded(tuple(lines), COLUMNS, tuple(shades), tuple(lines.values()), KINDS)
    return Chart((cells,))


DOCUMENTED = Experiment(
    name="documented",
    question="Is torch's list of operations that raise the list of those that do, or that vary?",
    factor="the source: the list, or a call",
    controls=(KIND, REPEATS, Seed(), DEVICE),
    measure=compare_with_list,
    recorded={"family": EVERY, "repeats": 64},
)
