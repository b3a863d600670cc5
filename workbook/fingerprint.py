"""The fingerprint of an environment: its facts, and what a fixed set of checks gives in it.

Owns the file format, the comparison of two fingerprints, and the command `fingerprint`. The facts
are those of `devices.machine()`: they name no person, computer or network.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook.causes.directml.bits import digests
from workbook.conditions import Conditions
from workbook.devices import here, machine

FORMAT = "workbook-fingerprint"
VERSION = 1


@dataclass(frozen=True)
class Fingerprint:
    """The facts of a machine and, for each check on each of its devices, a digest of the bits."""

    date: str
    facts: Mapping[str, str]
    bits: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Give the fingerprint as plain data."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Any) -> Fingerprint:
        """Read the fingerprint that `to_json` wrote; ValueError names what is wrong with others."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"a fingerprint is a JSON object of format {FORMAT}")
        if data.get("version") != VERSION:
            came = data.get("version")
            raise ValueError(f"this package reads fingerprints of version {VERSION}, got {came!r}")
        tables = [data.get("facts"), data.get("bits")]
        if not isinstance(data.get("date"), str) or not all(map(_is_table, tables)):
            raise ValueError("this fingerprint is damaged: it lacks its date, facts or bits")
        return cls(data["date"], data["facts"], data["bits"])


@dataclass(frozen=True)
class Change:
    """What two fingerprints do not have in common: facts with both values, and checks by name."""

    facts: Mapping[str, tuple[str, str]]
    changed: tuple[str, ...]
    kept: tuple[str, ...]
    only_once: tuple[str, ...]

    def sentence(self) -> str:
        """Say which conclusion the facts and the bits allow."""
        if not self.changed:
            return "Every check that both have gives the same bits."
        if len(self.facts) == 1:
            return "One fact differs, and bits changed with it."
        if self.facts:
            return (
                "Several facts differ, and bits with them: change one fact at a time to find which."
            )
        return "Bits changed although no fact differs: something is missing among the facts."


def take() -> Fingerprint:
    """Read the facts and run every check on each device that is here; takes about a second."""
    bits = {}
    for row in here():
        with Conditions(seed=0, device=row.name) as where:
            found = digests(where.torch_device)
        bits.update({f"{check} on {row.name}": value for check, value in found.items()})
    return Fingerprint(datetime.date.today().isoformat(), machine(), bits)


def change(before: Fingerprint, now: Fingerprint) -> Change:
    """Hold two fingerprints side by side; their dates do not count."""
    facts = {
        name: (before.facts.get(name, "-"), now.facts.get(name, "-"))
        for name in sorted({*before.facts, *now.facts})
        if before.facts.get(name) != now.facts.get(name)
    }
    both = [check for check in before.bits if check in now.bits]
    changed = tuple(check for check in both if before.bits[check] != now.bits[check])
    kept = tuple(check for check in both if check not in changed)
    return Change(facts, changed, kept, tuple(sorted({*before.bits} ^ {*now.bits})))


def load(path: Path) -> Fingerprint:
    """Read and check a fingerprint; ValueError names the file and what is wrong with it."""
    try:
        return Fingerprint.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be used: {error}") from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the fingerprint")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="hold it beside an older one")


def main(arguments: argparse.Namespace) -> int:
    """Take, print, save, compare; 1 if bits changed against the older one, 2 for a wrong file."""
    try:
        before = load(arguments.compare) if arguments.compare else None
        now = take()
        if arguments.save:
            arguments.save.write_text(_text(now.to_json()), encoding="utf-8")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if before is None:
        sys.stdout.write(_text(now.to_json()) if arguments.json else _table(now))
        return 0
    found = change(before, now)
    told = {**asdict(found), "sentence": found.sentence()}
    sys.stdout.write(_text(told) if arguments.json else _told(found))
    return int(bool(found.changed))


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _text(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _table(fingerprint: Fingerprint) -> str:
    rows = [*fingerprint.facts.items(), ("", ""), *fingerprint.bits.items()]
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {value}".rstrip() + "\n" for name, value in rows)


def _told(found: Change) -> str:
    lines = [f"fact    {name}: {old} -> {new}" for name, (old, new) in found.facts.items()]
    lines += ["fact    none differs"] * (not found.facts)
    lines += [f"bits    {check}: changed" for check in found.changed]
    lines += [
        f"bits    {len(found.kept)} of {len(found.kept) + len(found.changed)} checks the same"
    ]
    lines += [f"once    {check}: only one of the two has it" for check in found.only_once]
    return "\n".join([*lines, found.sentence()]) + "\n"
