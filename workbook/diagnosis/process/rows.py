"""What the hook wrote down in the processes of a command: a file of rows for each.

Owns the reading.
"""

import contextlib
import json
from pathlib import Path
from typing import Any


def rows_of(part: Path) -> dict[str, list[dict[str, Any]]]:
    """Read what each process of a run wrote down, by its id, in the order of their starts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(part.glob("rows-*.jsonl"), key=lambda one: one.stat().st_ino):
        rows = found[path.stem.removeprefix("rows-")] = []
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):  # a process was ended while it wrote
                rows.append(json.loads(line))
    return found
