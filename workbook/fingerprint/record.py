"""The fingerprint of an environment: its facts, and what a fixed set of checks gives in it.

Owns the file format and the comparison of two fingerprints. The facts are those of
`devices.machine()`: they name no person, computer or network.
"""

import datetime
import json
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
    def from_json(cls, data: Any) -> "Fingerprint":
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
            hashes = digests(where.torch_device)
        bits.update({f"{check} on {row.name}": value for check, value in hashes.items()})
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


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
