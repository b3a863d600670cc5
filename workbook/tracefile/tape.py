"""What a trace file holds: operations by number, the values that they read and made, and the steps.

Owns the columns and the words. Knows nothing of how a run is watched and of how a file is written.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workbook.tracefile.sketch import LANES, SMALLEST

COLUMNS = {
    "operations": "I",  # name, module, line, inputs read, outputs made: five for each operation
    "told": "Q",  # of each operation a hash of its arguments that are no tensors, 0 for none
    "gave": "Q",  # of each operation a hash of its results that are no tensors, 0 for none
    "reads": "I",  # the values read, by number, operation after operation
    "makes": "I",  # the values made
    "kinds": "I",  # of each value its dtype and shape, as a word's number
    "hashes": "Q",  # of each value
    "outside": "B",  # of each value whether no operation made it before it was read
    "norms": "f",  # of each value that is summed
    "sums": "d",  # eight of each value that is summed
    "steps": "Q",  # step, operations by then, generators, gradients, parameters: five for each step
}
"""The columns of a trace file and what each holds (`array`'s letters; little-endian on disk)."""

PER_OPERATION, PER_STEP = 5, 5


@dataclass(frozen=True)
class Value:
    """A tensor as it is known in a trace file: its hash, its kind, its sketch where it has one."""

    number: int
    hash: int
    kind: str
    sketch: tuple[float, ...] = ()
    outside: bool = False


@dataclass(frozen=True)
class Entry:
    """One operation of a trace file."""

    index: int
    name: str
    module: str
    line: str
    told: int
    gave: int
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What two operations have in common that correspond: all but line and values."""
        return (self.name, self.module, *[v.kind for v in self.inputs], ">", *self.kinds)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(value.kind for value in self.outputs)

    @property
    def place(self) -> str:
        """The operation, its module and its line, in words."""
        module = f"{self.module}, " if self.module else ""
        return f"{self.name} ({module}{self.line or 'no line of the program'})"


@dataclass(frozen=True)
class Step:
    """A step of an optimizer: hashes of generators, gradients and parameters after it."""

    number: int
    operations: int
    generators: int
    gradients: int
    parameters: int


@dataclass
class Tape:
    """The contents of a trace file. `small` says that tensors of any size are summed."""

    head: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    columns: dict[str, array[Any]] = field(
        default_factory=lambda: {name: array(code) for name, code in COLUMNS.items()}
    )
    # operation, generator, what, line, count, hash
    draws: list[list[Any]] = field(default_factory=list)
    small: bool = False

    def __len__(self) -> int:
        return len(self.columns["told"])

    def entries(self) -> Iterator[Entry]:
        """Give the operations in order."""
        values = self._values()
        numbers, c = self.columns["operations"], self.columns
        first = last = 0
        for index, (told, gave) in enumerate(zip(c["told"], c["gave"], strict=True)):
            at = PER_OPERATION * index
            name, module, line, inputs, outputs = numbers[at : at + PER_OPERATION]
            yield Entry(
                index,
                self.words[name],
                self.words[module],
                self.words[line],
                told,
                gave,
                tuple(values[n] for n in c["reads"][first : first + inputs]),
                tuple(values[n] for n in c["makes"][last : last + outputs]),
            )
            first, last = first + inputs, last + outputs

    def steps(self) -> list[Step]:
        """Give the steps that an optimizer made."""
        rows = self.columns["steps"]
        return [Step(*rows[at : at + PER_STEP]) for at in range(0, len(rows), PER_STEP)]

    def _values(self) -> list[Value]:
        values, at = [], 0
        norms, sums = self.columns["norms"], self.columns["sums"]
        rows = zip(*(self.columns[name] for name in ("kinds", "hashes", "outside")), strict=True)
        for number, (kind, code, outside) in enumerate(rows):
            word, sketch = self.words[kind], ()
            if self.small or elements(word) >= SMALLEST:
                sketch = (norms[at], *sums[LANES * at : LANES * at + LANES])
                at += 1
            values.append(Value(number, code, word, sketch, bool(outside)))
        return values


def elements(kind: str) -> int:
    """Count the elements of a tensor of this kind.

    >>> elements("float32[2,3]"), elements("float32[]")
    (6, 1)
    """
    return math.prod(shape_of(kind))


def shape_of(kind: str) -> tuple[int, ...]:
    """Read the shape of a kind.

    >>> shape_of("float32[2,3]")
    (2, 3)
    """
    sizes = kind.partition("[")[2].rstrip("]")
    return tuple(int(size) for size in sizes.split(",") if size)
