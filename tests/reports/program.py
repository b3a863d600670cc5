"""Reads the programs: what each is, its files, with the fault or without it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Program:
    """A program as its text says it."""

    name: str
    text: str

    @cached_property
    def _parts(self) -> list[str]:
        return re.split(r"^--- (.+)\n", self.text, flags=re.MULTILINE)

    @cached_property
    def head(self) -> dict[str, str]:
        """Give the lines above the first file: `form`, `label`, `typed`, `after`, `needs`."""
        return dict(line.split(": ", 1) for line in self._parts[0].splitlines())

    @property
    def form(self) -> str:
        """Give what kind of program it is: script, trainer, test, notebook, ranks, ..."""
        return self.head["form"]

    @property
    def labels(self) -> tuple[str, ...]:
        """Give the causes that are true of the program; the first that is found has to be one."""
        return tuple(self.head["label"].split())

    @property
    def typed(self) -> list[str]:
        """Give what stands after `diagnose`, as words."""
        return shlex.split(self.head["typed"])

    @property
    def held_out(self) -> bool:
        """Say whether nothing is mended for it."""
        return int(self.name) % 2 == 0

    def files(self, *, cured: bool) -> dict[str, str]:
        """Give the files by their names, with the fault or with its cure."""
        parts = dict(zip(self._parts[1::2], self._parts[2::2], strict=True))
        files = {name: text for name, text in parts.items() if not name.startswith("cure ")}
        for title, change in parts.items() if cured else ():
            if title.startswith("cure "):
                name = title.removeprefix("cure ")
                files[name] = _changed(files[name], change)
        return {
            name: notebook(text) if name.endswith(".ipynb") else text
            for name, text in files.items()
        }

    def unpack(self, folder: Path, *, cured: bool = False) -> None:
        """Write the files into a folder."""
        for name, text in self.files(cured=cured).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _changed(text: str, change: str) -> str:
    """Put each block of `+` lines in place of the `-` line above it."""
    for old, new in re.findall(r"^-(.*)\n((?:\+.*\n)+)", change, re.MULTILINE):
        assert text.count(f"{old}\n") == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(f"{old}\n", re.sub(r"^\+", "", new, flags=re.MULTILINE))
    return text


def cells(text: str) -> list[tuple[int, str]]:
    """Read `[count] source` blocks: the execution count and the source of each cell."""
    blocks = re.findall(r"^\[(\d+)\] (.*(?:\n    .*)*)", text, re.MULTILINE)
    return [(int(count), source.replace("\n    ", "\n")) for count, source in blocks]


def notebook(text: str) -> str:
    """Write cells as a notebook of format 4."""
    rows = [
        {"cell_type": "code", "execution_count": count, "id": f"cell-{number}", "metadata": {},
         "outputs": [], "source": source}
        for number, (count, source) in enumerate(cells(text))
    ]  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {"cells": rows, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


def programs() -> list[Program]:
    """Read all programs, in the order of their numbers."""
    return [Program(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.txt"))]
