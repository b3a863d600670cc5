"""What two runs do unlike one another: batches of other sizes, formats, whether they draw.

Owns the facts that say which interventions can matter for two functions. Decides nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch

from workbook.diagnosis.interventions.operations import ARITHMETIC, BY_ROWS, SHORT_INTEGERS
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.process.run import Run
from workbook.trace import Operation


def unequal_batches(ours: Any, theirs: Any) -> frozenset[str]:
    """Names of calls that both make on rows of one shape, but with other numbers of rows."""
    names = set()
    for name, rows, trail in ours:
        alike = [other for label, other, shape in theirs if label == name and shape == trail]
        if alike and any(other != rows for other in alike):
            names.add(name)
    return frozenset(names)


def traced_facts(ours: Run | None, theirs: Run | None) -> set[Fact]:
    """Whether two traced runs draw, and whether they compute in other formats and shapes."""
    facts: set[Fact] = set()
    made: list[set[tuple[str, str]]] = []
    shapes: list[set[tuple[str, ...]]] = []
    for result in (ours, theirs):
        if result is None or not result.outcomes:
            continue
        draws = result.outcomes[0].get("draws", ())
        facts |= {Fact.DRAWS} if draws else set()
        facts |= {Fact.NOISE} if any(row[3] for row in draws) else set()
        made.append(_dtypes(result))
        shapes.append(_shapes(result))
    if len(shapes) < 2 or shapes[0] != shapes[1]:
        facts.add(Fact.OTHER_SHAPES)
    if len(made) == 2:
        shared = {name for name, _ in made[0]} & {name for name, _ in made[1]}
        unlike = {dtype for name, dtype in made[0] ^ made[1] if name in shared}
        facts |= {Fact.OTHER_FORMATS} if unlike else set()
        facts |= {Fact.SHORT_FORMATS} if unlike & _HALVES else set()
        integers = any(_short_integers(result) for result in (ours, theirs) if result)
        facts |= {Fact.SHORT_INTEGERS} if integers else set()
    return facts


def operations(*runs: Run | None) -> frozenset[str] | None:
    """Name the operations that runs were seen to make; None where some may not have been seen.

    What is compiled is not, and what an operation of another library than torch does is not known;
    nor what one does that is made of others, which inference mode shows as one.
    """
    seen: set[str] = set()
    for run in runs:
        if run is None or not run.outcomes or Fact.COMPILES in run.used() | run.used(0):
            return None
        seen |= {operation.name for operation in run.trace(0) or ()}
    return frozenset(seen) if all(map(_single, seen)) else None


def _single(name: str) -> bool:
    """Whether an operation, such as aten.mm.default, is torch's and not made of others."""
    space, base, overload = name.split(".")
    if space != "aten":
        return False
    operation = getattr(getattr(torch.ops.aten, base), overload)
    composite = torch._C.DispatchKey.CompositeImplicitAutograd  # type: ignore[attr-defined]
    return not operation.has_kernel_for_dispatch_key(composite)


def _shapes(result: Run) -> set[tuple[str, ...]]:
    """Which operations that can be computed row by row read and made which shapes."""
    return {
        (operation.name, *_SHAPES.findall(operation.signature))
        for operation in result.trace(0) or ()
        if operation.name.rsplit(".", 1)[0] in BY_ROWS
    }


def _short_integers(result: Run) -> bool:
    """Whether a traced run computes with integers of fewer than 64 bits."""
    return any(
        operation.name.rsplit(".", 1)[0].replace(".", "::") in ARITHMETIC
        and any(f"{dtype}[" in operation.signature for dtype in _INTEGERS)
        for operation in result.trace(0) or ()
    )


def ranges(ours: Run, theirs: Run) -> set[Fact]:
    """Whether some value of the result is finite in one run and not in the other."""
    one, other = ours.tensors(0), theirs.tensors(len(theirs.outcomes) - 1)
    differ = any(
        bool((value.isfinite() != other[place].isfinite()).any())
        for place, value in one.items()
        if place in other and value.shape == other[place].shape
    )
    return {Fact.OTHER_RANGES} if differ else set()


def shortened(result: Run | None) -> tuple[str, str] | None:
    """Give the first format shorter than float32 in a traced run, and the line that has it."""
    made = _formats(result) if result else ()
    return next(((dtype, one.line) for one, dtype in made if dtype in _HALVES), None)


_HALVES = {"float16", "bfloat16"}
_SHAPES = re.compile(r"\[([^\]]*)\]")
_FLOATS = re.compile(r"\b(b?float\d+)\[")
_INTEGERS = tuple(str(dtype).removeprefix("torch.") for dtype in SHORT_INTEGERS)


def _dtypes(result: Run) -> set[tuple[str, str]]:
    """Which operations read or made which formats, and which formats the result has."""
    keys = {
        ("result", row["dtype"]) for row in result.outcomes[0].get("leaves", ()) if "dtype" in row
    }
    for operation, dtype in _formats(result):
        keys |= {(operation.name, dtype), ("any operation", dtype)}
    return keys


def _formats(result: Run) -> Iterator[tuple[Operation, str]]:
    """Give the formats that each operation of a traced run reads and makes."""
    for operation in result.trace(0) or ():
        for dtype in _FLOATS.findall(operation.signature):
            yield operation, dtype
