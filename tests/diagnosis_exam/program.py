"""Programs from seeds: which base, faults and harmless changes, under which names. Runs nothing.

Every choice is a SHA-256 of the seed and a word, so a text depends on no version of Python, no hash
seed and no floating-point format.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from tests.diagnosis_exam.template import ADDED, BASES, FAULTS, FORMS, HARMLESS, Base, Change

T = TypeVar("T")
HALVES = ("open", "frozen")
EACH = 200  # programs in each half
ADDED_EACH = 60  # programs in the second exam
SIZES = {**dict.fromkeys(HALVES, EACH), "added": ADDED_EACH}
NONE, SINGLE = 40, 130  # of them: without a fault, with one; the rest has two
SEEDED = "seed "  # an exam of a seed is named by this and the seed
SEEDED_NONE, SEEDED_SINGLE, SEEDED_EACH = 20, 60, 90  # the same for an exam of a seed


@dataclass(frozen=True)
class Program:
    """One program: its label, its text, and the same text with fewer faults."""

    name: str
    base: Base
    faults: tuple[Change, ...]
    harmless: tuple[Change, ...]
    targets: tuple[str, ...]
    text: str
    clean: str  # every fault cured
    only: tuple[str, ...]  # all but this fault cured, for each fault

    @property
    def label(self) -> tuple[str, ...]:
        """Give the causes, in the order of the faults."""
        return tuple(fault.cause for fault in self.faults)


@dataclass(frozen=True)
class _Draw:
    """Choices that follow from a seed."""

    seed: str

    def number(self, word: str, below: int) -> int:
        """Give a whole number from 0 up to, not including, `below`."""
        return (
            int.from_bytes(hashlib.sha256(f"{self.seed}/{word}".encode()).digest(), "big") % below
        )

    def of(self, word: str, items: Sequence[T]) -> T:
        """Give one of the items."""
        return items[self.number(word, len(items))]

    def order(self, word: str, items: Sequence[T]) -> list[T]:
        """Give the items in a drawn order."""
        keys = [self.number(f"{word}/{place}", 1 << 64) for place in range(len(items))]
        return [items[place] for place in sorted(range(len(items)), key=keys.__getitem__)]


def _open_to(half: str, items: Sequence[T], kind: str) -> list[T]:
    """Leave out of the open half the last of every four items of a kind."""
    if half == "frozen" or half.startswith(SEEDED):
        return list(items)
    groups: dict[object, list[T]] = {}
    for item in items:
        groups.setdefault(getattr(item, kind), []).append(item)
    held = {id(item) for group in groups.values() for item in group[3::4]}
    return [item for item in items if id(item) not in held]


def _fits(base: Base, form: str, change: Change) -> bool:
    """Say whether a change can be made to a base."""
    ports = [port for port in ("entry", "init") if port in change.parts]
    return (
        base.form == form
        and form in change.forms
        and all(base.has(port) for port in ports)
        and (base.kept or not change.kept)
    )


def _together(first: Change, second: Change) -> bool:
    """Say whether two faults can be told apart in one program."""
    return (
        first.cause != second.cause
        and not (first.group and first.group == second.group)
        and not {first.cause, second.cause} & {"thread-race"}
        and not any(fault.machine or fault.heavy or fault.near for fault in (first, second))
        and not (first.kept and second.kept)
    )


def _leaves_alone(harmless: Change, faults: Sequence[Change]) -> bool:
    """Say whether a harmless change hides none of the faults."""
    if harmless.generator == "all":
        return not any(fault.group == "draws" or fault.generator for fault in faults)
    return not (harmless.generator and any(fault.generator for fault in faults))


def _faults(half: str, place: int, draw: _Draw) -> tuple[str, tuple[Change, ...]]:
    """Give the form and the faults of a program: each fault takes its turn."""
    if half == "added":
        fault = ADDED[place % len(ADDED)]
        return draw.of("form", fault.forms), (fault,)
    none, single = (SEEDED_NONE, SEEDED_SINGLE) if half.startswith(SEEDED) else (NONE, SINGLE)
    if place < none:
        return FORMS[place % 3], ()
    offered = _Draw(half).order("faults", _open_to(half, FAULTS, "cause"))
    all_kinds = _Draw(half).order("all", (*FAULTS, *ADDED)) if half.startswith(SEEDED) else offered
    first = all_kinds[(place - none) % len(all_kinds)]
    form = draw.of("form", first.forms)
    if place < none + single:
        return form, (first,)
    for first in draw.order("first", offered):
        form = draw.of("form", first.forms)
        fitting = [
            second for second in offered if form in second.forms and _together(first, second)
        ]
        if fitting:
            pair = (first, draw.of("second", fitting))
            return form, tuple(sorted(pair, key=lambda fault: not fault.kept))
    raise ValueError("no two faults go together")


def _named(base: Base, changes: Sequence[Change], draw: _Draw) -> list[dict[str, str]]:
    """Choose the names and numbers of each change, no name twice."""
    taken: set[str] = set(re.findall(r"\w+", base.text))
    tables = []
    for change in changes:
        table = {"seed": str(1 + draw.number(f"{change.name}/seed", 9999))}
        for key, choices in change.names:
            free = [name for name in choices if name not in taken] or [
                f"{choices[0]}_{change.name}"
            ]
            table[key] = draw.of(f"{change.name}/{key}", free)
            taken.add(table[key])
        tables.append(table)
    return tables


def _fill(line: str, table: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: table[found[1]], line)


def _kept(lines: Sequence[str], present: bool) -> list[str]:
    """Give the lines of a change with its fault or with its cure."""
    return [line[1:] for line in lines if line[:1] != ("+" if present else "-")]


def _side(change: Change, port: str, draw: _Draw) -> Sequence[str]:
    """Give the lines that a change has for a port."""
    parts = change.parts
    if port in parts:
        return parts[port]
    if port in ("use", "first", "second") and "both" in parts:
        return parts["both"]
    if port in ("first", "second") and "use" in parts:
        sides = ("first", "second", "first second") if not change.cause else ("first second",)
        return parts["use"] if port in draw.of(f"{change.name}/side", sides) else ()
    return ()


def _render(base: Base, changes: Sequence[Change], present: Sequence[str], draw: _Draw) -> str:
    """Write the program with the faults that are present; all else stays the same."""
    tables = _named(base, changes, draw)
    whole = {
        "rows": str(5 + draw.number("rows", 4)),
        "seed": str(1 + draw.number("base/seed", 999)),
        "width": str(base.width),
    }
    out: list[str] = []
    for line in base.text.split("\n"):
        port = re.match(r"(\s*)#: (\w+) ?(\w*)$", line)
        if not port:
            out.append(_fill(line, whole))
            continue
        indent, name, variable = port.groups()
        if name == "imports":
            wanted = {row for change in changes for row in change.imports}
            out += sorted(wanted - set(base.text.split("\n")))
            continue
        for change, table in zip(changes, tables, strict=True):
            lines = _kept(_side(change, name, draw), change.name in present)
            if name == "helpers" and lines:
                out += ["", ""]
            for text in lines:
                text = _fill(text, whole | table)
                text = re.sub(r"\bx\b", variable, text) if variable else text
                out.append(indent + text if text else "")
        if name == "helpers" and out[-1]:
            out += ["", ""]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(out))


def _targets(base: Base, text: str) -> tuple[str, ...]:
    """Give the functions that hold the ports of the form."""
    if base.form == "module":
        return (re.findall(r"^def (\w+)\(", text, re.MULTILINE)[-1],)
    lines = base.text.split("\n")
    found = []
    for port in ("#: use",) if base.form == "again" else ("#: first", "#: second"):
        place = next(i for i, line in enumerate(lines) if line.strip().startswith(port))
        above = [line for line in lines[:place] if line.startswith("def ")]
        found.append(re.match(r"def (\w+)", above[-1])[1])  # type: ignore[index]
    return tuple(found)


def program(half: str, place: int) -> Program:
    """Make program number `place` of one half, of the second exam (`added`), or of a seed's.

    >>> program("open", 0).label
    ()
    >>> len(program("seed 5", 89).label)
    2
    """
    if half not in SIZES and not half.startswith(SEEDED):
        raise ValueError(f"half must be one of {', '.join(SIZES)}, got {half!r}")
    if not 0 <= place < size(half):
        raise ValueError(f"place must be from 0 to {size(half) - 1}, got {half} {place}")
    draw = _Draw(f"exam/{half}/{place}")
    form, faults = _faults(half, place, draw)
    fitting = [
        base
        for base in _open_to(half, BASES, "form")
        if all(_fits(base, form, fault) for fault in faults) and base.form == form
    ]
    base = draw.of("base", fitting)
    friends = [
        change
        for change in _Draw(half).order("harmless", HARMLESS)
        if _fits(base, form, change) and _leaves_alone(change, faults)
    ]
    start = (place * 3) % len(friends)
    count = 1 + draw.number("count", 3)
    harmless = tuple((friends + friends)[start : start + min(count, len(friends))])
    mixed = draw.order("mixed", [*harmless, *faults])
    first = [change for change in mixed if change.kept]
    changes = first + [change for change in mixed if not change.kept]
    cured = _render(base, changes, (), draw)
    return Program(
        name=f"{half}-{place:03}",
        base=base,
        faults=faults,
        harmless=harmless,
        targets=_targets(base, cured),
        text=_render(base, changes, [fault.name for fault in faults], draw),
        clean=cured,
        only=tuple(_render(base, changes, [fault.name], draw) for fault in faults),
    )


def size(half: str) -> int:
    """Give the number of programs of one half, of the second exam, or of a seed's exam."""
    return SEEDED_EACH if half.startswith(SEEDED) else SIZES[half]


@cache
def programs(half: str) -> tuple[Program, ...]:
    """Make all programs of one half, of the second exam, or of a seed's exam, which mixes them."""
    made = [program(half, place) for place in range(size(half))]
    return tuple(_Draw(half).order("mixed", made) if half.startswith(SEEDED) else made)


def digest(half: str) -> str:
    """Give one SHA-256 over the texts, targets and labels of one half."""
    rows = [[row.name, row.text, list(row.targets), list(row.label)] for row in programs(half)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
