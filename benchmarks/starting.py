"""What a reader waits for and what a kernel holds: import, a chapter's run, memory."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "notebooks" / "01_precision.ipynb"
REPEATS = 5
IMPORT = "import time, torch; start = time.perf_counter(); import {}"
ELAPSED = "; print((time.perf_counter() - start) * 1e3)"
IMPORTS = ("workbook", "workbook.bounds, workbook.experiment")  # the second: all that measures
MEMORY = "print(open('/proc/self/status').read())"


def rows() -> Iterator[tuple[str, str, str]]:
    """What was measured, the figure, and the figure it is held against."""
    for names in IMPORTS:
        taken = statistics.median(_import_ms(names) for _ in range(REPEATS))
        yield f"import {names}, beyond torch", f"{taken:.1f} ms", "<= 50 ms"
    if CHAPTER.exists():
        yield "strict nbval of 01_precision, kernel included", f"{_nbval_s():.1f} s", "< 10 s"
        if sys.platform == "linux":
            now, peak = _memory_mb()
            text = f"{now:.0f} MB, {peak:.0f} MB at most"
            yield "kernel memory after Run All of 01_precision", text, "< 600 MB"


def _import_ms(names: str) -> float:
    """Time the import in a fresh interpreter that reads bytecode, as every start but the first."""
    command = [sys.executable, "-c", IMPORT.format(names) + ELAPSED]
    cached = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=cached)
    return float(ran.stdout)


def _nbval_s() -> float:
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", str(CHAPTER)]
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - started


def _memory_mb() -> tuple[float, float]:
    notebook = nbformat.read(CHAPTER, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(MEMORY))
    resources = {"metadata": {"path": str(CHAPTER.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    status = notebook.cells[-1].outputs[0].text
    now, peak = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024 for key in ("VmRSS", "VmHWM"))
    return now, peak
