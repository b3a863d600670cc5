"""What is put into every Python process that a command of the user's starts.

The folder stands on `PYTHONPATH`, so its modules are imported by their bare names there, and not
through this package: at that moment nothing of the workbook, nor torch, is loaded. What they wrote
down, a file of rows for each process, is read here.
"""

import contextlib
import json
from pathlib import Path
from typing import Any


def rows_of(part: Path) -> dict[str, list[dict[str, Any]]]:
    """Read what each process of a run wrote down, by its id, in the order of their starts."""
    processes: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(part.glob("rows-*.jsonl"), key=lambda path: path.stat().st_ino):
        rows = processes[path.stem.removeprefix("rows-")] = []
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):  # a process was ended while it wrote
                rows.append(json.loads(line))
    return processes
