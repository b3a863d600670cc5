"""Under `pytest --nbval`: after a notebook's cells, hold it against its source, from the same run.

nbval runs each cell of a committed notebook and compares its text. What the cells gave is kept
until the last one is done; the drift check then takes it for what the source makes, which it is
where the notebook's code is its source's, and the drift check says so where it is not. So a kernel
is started once for both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbval.kernel import RunningKernel

from chapters import build
from chapters.drift import differences

SECONDS = 3600  # for what nbval waits for: on the slowest machine no honest wait is as long
LOOK = 5.0  # seconds between two looks at whether the kernel lives
RUN = pytest.StashKey[dict[Path, list[NotebookNode]]]()


_message = RunningKernel.get_message


def get_message(kernel: RunningKernel, stream: str, timeout: float) -> Any:
    """Wait for a message for `timeout` seconds; RuntimeError where the kernel's process ended.

    nbval waits for a process that crashed as long as for one that computes.
    """
    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            return _message(kernel, stream, timeout=max(0.0, min(LOOK, left)))
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("the kernel's process ended by itself") from None
            if left <= LOOK:
                raise


RunningKernel.get_message = get_message


@pytest.hookimpl(trylast=True)  # after nbval's own, so that the cells run first
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Notebook | None:
    """Add a test to each notebook that nbval runs."""
    if file_path.suffix != ".ipynb" or not parent.config.option.nbval:
        return None
    notebook: Notebook = Notebook.from_parent(parent, path=file_path)
    return notebook


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Wait as long for the last output of a cell as for the cell."""
    for item in items:
        if hasattr(item, "output_timeout"):
            item.output_timeout = SECONDS


def pytest_runtest_teardown(item: Any) -> None:
    """Keep what a cell gave, whether or not its text was right."""
    if (outputs := getattr(item, "test_outputs", None)) is not None:
        given = [nbformat.from_dict(output) for output in outputs]
        item.session.stash.setdefault(RUN, {}).setdefault(item.path, []).append(given)


class Notebook(pytest.File):
    """A notebook whose cells nbval has run."""

    def collect(self) -> Iterator[Drift]:
        """Give the one test."""
        yield Drift.from_parent(self, name="drift")


class Drift(pytest.Item):
    """The notebook is what its source makes, figures included, and keeps the rules."""

    def runtest(self) -> None:
        """Put what the cells gave into what the source makes, and compare."""
        given = self.session.stash.get(RUN, {}).get(self.path, [])
        source = self.path.parents[1] / "chapters" / "src" / f"{self.path.stem}.py"
        if not source.exists():
            raise Drifted([f"it has no source: {source.name} is not in {source.parent.name}"])
        fresh = build.generate(source)
        code = [cell for cell in fresh.cells if cell.cell_type == "code"]
        if len(given) != len(code):
            raise Drifted([f"nbval ran {len(given)} cells to the end, its source has {len(code)}"])
        for number, (cell, outputs) in enumerate(zip(code, given, strict=True), 1):
            cell.outputs, cell.execution_count = outputs, number
        build.strip(fresh)
        problems = differences(nbformat.read(self.path, 4), fresh) + build.lint(fresh)
        if problems:
            raise Drifted(problems)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Give the sentences without a traceback."""
        if isinstance(excinfo.value, Drifted):
            return "\n".join(excinfo.value.problems)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where and what."""
        return self.path, 0, "drift"


class Drifted(Exception):
    """The notebook is not what its source makes; one sentence for each problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
