"""Two trace files side by side: every place where the runs part, in order, and of what kind it is.

Owns the matching by steps and the kinds. Says nothing in words.
"""

import bisect
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workbook.trace.alignment import matched
from workbook.tracefile.limits import Judgment, apart, judged, small
from workbook.tracefile.tape import Entry, Tape, Value

Kind = Literal["program", "argument", "came in", "draw", "operation"]


@dataclass(frozen=True)
class Parting:
    """An operation at which two runs part, with nothing before it on its path that differs.

    program: only one run makes the operation (the entry of the other run is None). argument: its
    arguments that are no tensors differ. came in: it reads a tensor that came from outside and
    differs. draw: it draws other numbers. operation: its inputs agree in every bit, its results do
    not.
    """

    kind: Kind
    step: int
    first: Entry | None
    second: Entry | None
    judgment: Judgment

    @property
    def entry(self) -> Entry:
        """The operation, in the run that makes it."""
        made = self.first or self.second
        if made is None:
            raise ValueError("a parting has an operation")
        return made

    @property
    def rounding(self) -> bool:
        """Whether this parting is no more than rounding can do."""
        return self.judgment.word == "rounding"


@dataclass(frozen=True)
class Compared:
    """What two trace files have in common: pairs of operations, and where they part."""

    operations: tuple[int, int]
    pairs: int
    differing: int  # pairs of which the results differ
    partings: tuple[Parting, ...]
    drawn: str  # the first draw of NumPy or Python that differs, with its line; "" for none
    step: int | None  # after which the parameters differ first; None for never
    jump: tuple[Entry, float, float] | None  # the operation where a difference grew most: from, to


def compared(ours: Tape, theirs: Tape) -> Compared:
    """Hold two runs side by side."""
    first, second = list(ours.entries()), list(theirs.entries())
    ends = [[step.operations for step in tape.steps()] for tape in (ours, theirs)]
    numbers = [[step.number for step in tape.steps()] for tape in (ours, theirs)]
    walk = _Walk(ours, theirs)
    for step, left, right in _segments(first, second, ends, numbers):
        walk.segment(step, left, right)
    return Compared(
        (len(first), len(second)),
        walk.pairs,
        walk.differing,
        tuple(walk.partings),
        _first_draw(ours, theirs),
        _first_step(ours, theirs),
        walk.jump,
    )


def _segments(
    first: list[Entry], second: list[Entry], ends: list[list[int]], numbers: list[list[int]]
) -> Iterator[tuple[int, list[Entry], list[Entry]]]:
    """Cut both runs where an optimizer stepped: a shift in one step does not move the next."""
    at = [0, 0]
    for step in sorted({*numbers[0], *numbers[1]}):
        parts = []
        for side, run in enumerate((first, second)):
            place = bisect.bisect_left(numbers[side], step)
            if place == len(numbers[side]):  # this run made no more steps
                end = len(run)
            else:
                end = ends[side][place] if numbers[side][place] == step else at[side]
            parts.append(run[at[side] : end])
            at[side] = end
        yield step, parts[0], parts[1]
    last = max([0, *numbers[0], *numbers[1]])
    yield last + 1, first[at[0] :], second[at[1] :]


class _Walk:
    """Goes along the matched operations of two runs and notes where they part."""

    def __init__(self, ours: Tape, theirs: Tape) -> None:
        self.pairs = self.differing = 0
        self.partings: list[Parting] = []
        self.jump: tuple[Entry, float, float] | None = None
        self._told: set[tuple[int, int]] = set()  # pairs of outside tensors that were noted
        self._draws = {row[0] for row in ours.draws if row[4] and "torch" in row[1]}
        self._tf32 = any(_short(tape) for tape in (ours, theirs))

    def segment(self, step: int, left: list[Entry], right: list[Entry]) -> None:
        at = (0, 0)
        pairs = matched([entry.key for entry in left], [entry.key for entry in right])
        for i, j in [*pairs, (len(left), len(right))]:
            for entry in left[at[0] : i]:
                self._unmatched(step, entry, None)
            for entry in right[at[1] : j]:
                self._unmatched(step, None, entry)
            if i < len(left) and j < len(right):
                self._pair(step, left[i], right[j])
            at = i + 1, j + 1

    def _unmatched(self, step: int, first: Entry | None, second: Entry | None) -> None:
        """Note an operation that only one run makes."""
        self.partings.append(Parting("program", step, first, second, Judgment("cannot tell")))

    def _pair(self, step: int, ours: Entry, theirs: Entry) -> None:
        self.pairs += 1
        apart = _differ(ours.outputs, theirs.outputs) or ours.gave != theirs.gave
        self.differing += apart
        same = ours.told == theirs.told and not _differ(ours.inputs, theirs.inputs)
        if ours.told != theirs.told:
            self._note("argument", step, ours, theirs, Judgment("cannot tell"))
        for first, second in zip(ours.inputs, theirs.inputs, strict=True):
            outside = (first.outside and second.outside) or not self.partings
            pair = (first.number, second.number)
            if first.hash != second.hash and outside and pair not in self._told:
                self._told.add(pair)
                self._note("came in", step, ours, theirs, _outside(first, second))
        if same and apart:
            kind: Kind = "draw" if ours.index in self._draws else "operation"
            judgment = judged(ours, theirs, short_products=self._tf32)
            self._note(kind, step, ours, theirs, judgment)
        elif apart:
            self._grew(ours, theirs)

    def _note(self, kind: Kind, step: int, ours: Entry, theirs: Entry, judgment: Judgment) -> None:
        self.partings.append(Parting(kind, step, ours, theirs, judgment))

    def _grew(self, ours: Entry, theirs: Entry) -> None:
        """Keep the operation that enlarges a difference most."""
        before = _largest(ours.inputs, theirs.inputs)
        after = _largest(ours.outputs, theirs.outputs)
        most = self.jump[2] / self.jump[1] if self.jump else 1.0
        if before > 0 and after / before > most:
            self.jump = ours, before, after


def _outside(ours: Value, theirs: Value) -> Judgment:
    relative = apart(ours, theirs)
    if math.isnan(relative):
        return Judgment("cannot tell", why=f"no sums are kept of a tensor as small as {ours.kind}")
    return Judgment("rounding" if small(ours, theirs) else "wrong", relative)


def _differ(ours: tuple[Value, ...], theirs: tuple[Value, ...]) -> bool:
    return any(first.hash != second.hash for first, second in zip(ours, theirs, strict=True))


def _largest(ours: tuple[Value, ...], theirs: tuple[Value, ...]) -> float:
    """Give the largest known relative distance of two rows of tensors; 0 where none is known."""
    distances = [apart(first, second) for first, second in zip(ours, theirs, strict=True)]
    return max([each for each in distances if math.isfinite(each)], default=0.0)


def _short(tape: Tape) -> bool:
    """Say whether products on a CUDA device may have been computed from TF32."""
    switches = tape.head.get("switches", {})
    allowed = switches.get("matmul precision") != "highest" or switches.get("cuDNN TF32") == "True"
    return allowed and "cuda" in tape.head.get("devices", "")


def _first_step(ours: Tape, theirs: Tape) -> int | None:
    known = {step.number: step for step in theirs.steps()}
    for step in ours.steps():
        other = known.get(step.number)
        if other is not None and other.parameters != step.parameters:
            return step.number
    return None


# libraries draw from generators of `random` of their own
_WATCHED = ("numpy", "own numpy", "random")


def _first_draw(ours: Tape, theirs: Tape) -> str:
    rows = [[row for row in tape.draws if row[1] in _WATCHED] for tape in (ours, theirs)]
    for first, second in zip(*rows, strict=False):
        if first[1:3] != second[1:3] or first[4:] != second[4:]:
            return f"{first[1]} {first[2]} at {first[3] or 'a library'}"
    return ""
