"""The bases and the changes, as they are read from their text files. Knows no program.

A base is a program with ports: lines `#: NAME` or `#: NAME VARIABLE` where changes go. A change has
lines for some ports, after one character: a space (always there), `-` (there while the fault is) or
`+` (there once it is cured).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FORMS = ("again", "pair", "module")


@dataclass(frozen=True)
class Base:
    """One program without faults: its form, its text with ports, and what its ports offer."""

    name: str
    subject: str
    form: str
    text: str
    width: int
    kept: bool  # the variable at the port is the module's own data

    def has(self, port: str) -> bool:
        """Say whether changes can go to this port."""
        return f"#: {port}" in self.text


@dataclass(frozen=True)
class Change:
    """One fault or one harmless change: lines for ports, and when it may be used."""

    name: str
    cause: str  # "" where harmless
    forms: tuple[str, ...]
    shown: str  # what must be varied to see the fault: see proof
    also: tuple[str, ...]  # what else may show it
    group: str  # two faults of one group would hide each other
    generator: str  # whose global state it uses or sets: "", "torch" or "all"
    kept: bool  # needs a base whose variable is the module's own data
    near: bool  # once cured, the two sides agree up to rounding
    machine: bool  # some machines do not show it
    heavy: bool  # starts processes
    names: tuple[tuple[str, tuple[str, ...]], ...]
    imports: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]


def _sections(path: Path) -> Iterator[tuple[str, dict[str, list[str]], list[str]]]:
    """Give the name, the header and the lines of each text in a file."""
    for section in path.read_text(encoding="utf-8").split("=== ")[1:]:
        name, *lines = section.rstrip("\n").split("\n")
        header: dict[str, list[str]] = {}
        while lines and (words := lines[0].split(": ", 1))[0] in _HEADER and len(words) == 2:
            header.setdefault(words[0], []).append(words[1])
            lines.pop(0)
        yield name, header, lines


_HEADER = (
    *("form", "forms", "cause", "shown", "also", "group", "generator", "kept", "near", "machine"),
    *("heavy", "names", "imports", "width"),
)


def bases() -> tuple[Base, ...]:
    """Read all bases, in the order of their files' names."""
    return tuple(
        Base(
            name=name,
            subject=path.stem,
            form=header["form"][0],
            text="\n".join(lines) + "\n",
            width=int(header.get("width", ["0"])[0]),
            kept="kept" in header,
        )
        for path in sorted((HERE / "bases").glob("*.txt"))
        for name, header, lines in _sections(path)
    )


def _parts(lines: list[str]) -> dict[str, tuple[str, ...]]:
    """Give the lines of each port; those before the first port are helpers."""
    parts: dict[str, list[str]] = {"helpers": []}
    port = "helpers"
    for line in lines:
        if line.startswith("--- "):
            port = line[4:]
            parts[port] = []
        else:
            parts[port].append(line)
    return {port: tuple(text) for port, text in parts.items()}


def _names(row: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read `f=jitter|noisy; C=Config` as the choices for each placeholder."""
    pairs = (part.strip().split("=") for part in row.split(";") if part.strip())
    return tuple((key, tuple(choices.split("|"))) for key, choices in pairs)


def changes(folder: str) -> tuple[Change, ...]:
    """Read all faults and harmless changes of a folder, in the order of their files' names."""
    return tuple(
        Change(
            name=name,
            cause=header.get("cause", [""])[0],
            forms=tuple(header["forms"][0].split()),
            shown=header.get("shown", [""])[0],
            also=tuple(header.get("also", [""])[0].split()),
            group=header.get("group", [""])[0],
            generator=header.get("generator", [""])[0],
            kept="kept" in header,
            near="near" in header,
            machine="machine" in header,
            heavy="heavy" in header,
            names=_names(header.get("names", [""])[0]),
            imports=tuple(header.get("imports", [])),
            parts=_parts(lines),
        )
        for path in sorted((HERE / folder).glob("*.txt"))
        for name, header, lines in _sections(path)
    )


BASES = bases()
CHANGES = changes("changes")
FAULTS = tuple(change for change in CHANGES if change.cause)
HARMLESS = tuple(change for change in CHANGES if not change.cause)
ADDED = changes("added")  # faults for causes that were named after the first exam was frozen
