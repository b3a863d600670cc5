"""The card of this machine: what it is made of, which devices it has and why others are absent.

Owns the table on the page. The facts come from `devices`.
"""

import html
from dataclasses import dataclass

from workbook.devices import DEVICES, machine

FACTS = {
    "os": "system",
    "cpu": "processor",
    "capability": "instruction set in use",
    "cores": "cores",
    "threads": "threads torch uses",
    "python": "Python",
    "torch": "torch",
    "numpy": "NumPy",
    "blas": "matrix library",
}


@dataclass(frozen=True)
class Card:
    """Facts and devices as (name, words) rows; shown as HTML or as plain text."""

    facts: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {words}" for name, words in self.facts + self.devices)

    def _repr_html_(self) -> str:
        return _table("This machine", self.facts) + _table("Devices", self.devices)


def machine_card() -> Card:
    """Describe the machine that this kernel runs on; every row is read here and now."""
    read = machine()
    facts = [(title, read[name]) for name, title in FACTS.items() if name in read]
    listed = {*FACTS, "devices"}
    facts += [(name.replace("_", " "), words) for name, words in read.items() if name not in listed]
    here = [(row.title, row.absent() or f"here: {', '.join(row.dtypes)}") for row in DEVICES]
    return Card(tuple(facts), tuple(here))


def _table(caption: str, rows: tuple[tuple[str, str], ...]) -> str:
    lines = "".join(
        f"<tr><th scope='row' style='text-align:left;white-space:nowrap'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(words)}</td></tr>"
        for name, words in rows
    )
    heading = f"<caption style='text-align:left;font-weight:600'>{caption}</caption>"
    return f"<table style='margin:0 0 12px 0'>{heading}<tbody>{lines}</tbody></table>"
