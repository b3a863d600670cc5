"""What one run left behind: its outcomes, its facts, its results and its trace.

Owns the reading of a run's folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis.values import load
from workbook.trace import Trace


@dataclass(frozen=True)
class Reply:
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

    def facts(self, number: int) -> dict[str, Any]:
        rows = self.data.get("facts", ())
        empty: dict[str, Any] = {"words": [], "counts": {}, "lists": {}}
        return (rows[number] or empty) if number < len(rows) else empty

    def code(self, number: int) -> tuple[str, ...]:
        """What identifies an outcome: the hashes of its leaves, or the error it raised."""
        if number >= len(self.outcomes):
            return ("no outcome",)
        outcome = self.outcomes[number]
        if "raised" in outcome:
            return ("raised", outcome["raised"])
        return tuple(f"{row['path']}={row['hash']}" for row in outcome["leaves"])

    def tensors(self, number: int) -> dict[str, torch.Tensor]:
        return load(self.outcomes[number].get("leaves", []), self.folder, f"result-{number}")

    def texts(self, number: int) -> list[tuple[str, str]]:
        rows = self.outcomes[number].get("leaves", [])
        return [(row["path"], row["hash"]) for row in rows if row["kind"] == "text"]

    def trace(self, number: int) -> Trace | None:
        path = self.folder / f"trace-{number}.npz"
        return Trace.load(path) if path.exists() else None
