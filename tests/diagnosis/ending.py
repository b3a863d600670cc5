"""Waits until processes have ended, without a limit; for tests of what must not be left running."""

from __future__ import annotations

import time
from pathlib import Path


def alive(pid: int) -> bool:
    """Say whether a process runs, by Linux's /proc; one that nobody has waited for has ended."""
    try:
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_end(*pids: int) -> None:
    """Return when none of the processes runs."""
    while any(map(alive, pids)):
        time.sleep(0.05)
