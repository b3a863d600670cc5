"""What one run left behind: its outcomes, its facts, its results and its trace.

Owns the reading of a run's folder.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import load
from workbook.diagnosis.process.place import VARIABLE
from workbook.trace import Trace

_DRAWS = 1000  # of a run, that are kept
_LAUNCHER = "ChildFailedError"  # what torchrun raises where a rank has failed
_RAISED = re.compile(r"\s*(\[rank\d+\]:\s*)?[\w.]+(Error|Exception): \S")


@dataclass(frozen=True)
class Run:
    """What one run left behind."""

    folder: Path
    data: dict[str, Any]
    timed_out: bool = False

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        return list(self.data.get("outcomes", ()))

    @property
    def cannot(self) -> str | None:
        return self.data.get("cannot")

    @property
    def seconds(self) -> float:
        """How long the program took."""
        return float(self.data.get("seconds", 0.0))

    def like(self, other: "Run") -> bool:
        """Whether two runs of a command gave the same, by all that was seen of torch in them."""
        return (
            self.shaped(other)
            and self.data.get("left") == other.data.get("left")
            and self.code(0) == other.code(0)
            and self.steps(0) == other.steps(0)
        )

    def shaped(self, other: "Run") -> bool:
        """Whether two runs of a command did as much of the same, whatever the numbers were."""
        seen = ("status", "stopped", "processes")
        return (
            all(self.data.get(key) == other.data.get(key) for key in seen)
            and len(self.data.get("left", ())) == len(other.data.get("left", ()))
            and len(self.steps(0)) == len(other.steps(0))
            and self.used(0) == other.used(0)
        )

    def surroundings(self) -> list[str]:
        """Say what the run did beside giving a result, a sentence each."""
        sentences = []
        if lines := self.data.get("printed"):
            sentences.append(f"It prints {lines} lines, which are not shown.")
        wrote = [min(path, os.path.relpath(path), key=len) for path in self.data.get("wrote", ())]
        if wrote:
            sentences.append(
                f"It writes files ({_few(wrote)}); each run does so in a place of its own: "
                "yours stay as they are."
            )
        if outside := self.data.get("refused"):
            sentences.append(
                f"It was refused to write outside of its folder ({_few(outside)}); to allow it, "
                f"name the folder in {VARIABLE}."
                if self.data.get("guarded")
                else f"It writes outside of its folder ({_few(outside)}), and this system cannot "
                "keep a run from that."
            )
        return sentences

    def used(self, number: int | None = None) -> set[Fact]:
        """Give the facts of one outcome, or of loading the program."""
        data = self.data.get("import", {}) if number is None else self.facts(number)
        return {Fact(text) for text in data.get("facts", ())}

    def facts(self, number: int) -> dict[str, Any]:
        """Give the counts and lists of one outcome."""
        rows = self.data.get("facts", ())
        empty: dict[str, Any] = {"facts": [], "counts": {}, "lists": {}}
        return (rows[number] or empty) if number < len(rows) else empty

    def places(self, number: int, cause: str) -> list[str]:
        """Where an outcome's call, or loading the program, was seen to do what a cause is about."""
        rows = (self.data.get("import", {}).get("lists", {}), self.facts(number)["lists"])
        return list(dict.fromkeys(where for row in rows for where in row.get(cause, ()) if where))

    def steps(self, number: int) -> list[list[int]]:
        """Give the vectors of the training's steps that an outcome's call made."""
        return list(self.facts(number)["lists"].get("steps", ()))

    def changes(self, number: int) -> set[Fact]:
        """Say what an outcome's call left changed, by kind."""
        rows = self.data["changed"]
        kinds = {kind for _, kind in (rows[number] if number < len(rows) else ())}
        return {Fact(f"changed {kind}") for kind in kinds}

    def code(self, number: int) -> tuple[str, ...]:
        """Say what identifies an outcome: the hashes of its leaves, or the error it raised."""
        if number >= len(self.outcomes):
            return ("no outcome",)
        outcome = self.outcomes[number]
        if "raised" in outcome:
            return ("raised", outcome["raised"])
        return tuple(f"{row['path']}={row['hash']}" for row in outcome["leaves"])

    def tensors(self, number: int) -> dict[str, torch.Tensor]:
        rows = self.outcomes[number].get("leaves")
        return {} if rows is None else load(rows, self.folder, f"result-{number}")

    def texts(self, number: int) -> list[tuple[str, str]]:
        rows = self.outcomes[number].get("leaves", [])
        return [(row["path"], row["hash"]) for row in rows if row["kind"] == "text"]

    def trace(self, number: int) -> Trace | None:
        path = self.folder / f"trace-{number}.npz"
        return Trace.load(path) if path.exists() else None


def keep(trace: Trace, path: Path) -> list[list[Any]]:
    """Write a trace down; its draws, as plain data."""
    trace.save(path)
    return [
        [draw.generator, draw.what, draw.line, draw.module, draw.count, f"{draw.value:x}"]
        for draw in trace.draws[:_DRAWS]
    ]


def said(folder: Path, *names: str) -> tuple[str, ...]:
    """Say what a run wrote last, to the first of these files in its folder that holds words.

    Of ranks that fail it is what the last of them raised, and not what their launcher adds to it.
    """
    for path in (folder / name for name in names if (folder / name).exists()):
        text = path.read_text(errors="replace")
        if lines := [f"  {line}" for line in text.splitlines() if line.strip()]:
            launched = any(_LAUNCHER in line for line in lines)
            raised = [n for n, line in enumerate(lines, 1) if launched and _RAISED.match(line)]
            return ("It said:", *lines[: raised[-1] if raised else None][-6:])
    return ()


def _few(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
