"""One run of a notebook's cells serves nbval and the drift check, and each finds its own faults."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output

from chapters import build
from chapters.drift import VIEW

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.uncounted
SOURCE = "# %% [markdown]\n# # A title\n\n# %%\n1 + 1\n"


def committed(folder: Path, name: str) -> NotebookNode:
    """A source in the folder, and the notebook that it makes, not yet written."""
    source = folder.parent / "chapters" / "src" / f"{name}.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(SOURCE)
    notebook = build.generate(source)
    result = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    notebook.cells[1].update(execution_count=1, outputs=[result])
    return notebook


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest says of each test of four notebooks, and of the drift check in words."""
    folder = tmp_path_factory.mktemp("project") / "notebooks"
    folder.mkdir()
    notebooks = {
        name: committed(folder, name) for name in ("right", "text", "widget", "stray", "dead")
    }
    notebooks["text"].cells[1].outputs[0].data["text/plain"] = "3"
    notebooks["widget"].cells[1].outputs[0].data[VIEW] = {}
    notebooks["stray"].cells.pop()
    notebooks["dead"].cells[1].source = "import os\nos._exit(1)"
    (folder.parent / "chapters" / "src" / "stray.py").unlink()
    for name, notebook in notebooks.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    command = [sys.executable, "-m", "pytest", "-p", "nbval", "-p", "chapters.checked"]
    command += ["--nbval", "-rA"]
    command += ["--nbval-current-env", "--nbval-kernel-startup-timeout=3600", "-c", "none.toml"]
    (folder / "none.toml").write_text("")
    answer = subprocess.run(
        [*command, "--rootdir", str(folder), *(f"{name}.ipynb" for name in notebooks)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found = re.findall(r"^(PASSED|FAILED) (\w+)\.ipynb::(Cell 0|drift)", answer.stdout, re.M)
    return {f"{name} {test}": word for word, name, test in found} | {"all": answer.stdout}


def test_a_right_notebook_passes_both(outcomes: dict[str, str]) -> None:
    """Text and drift are each a test of their own."""
    assert (outcomes["right Cell 0"], outcomes["right drift"]) == ("PASSED", "PASSED")


def test_other_text_is_nbvals(outcomes: dict[str, str]) -> None:
    """A text that a new run does not print fails in nbval, where texts are compared."""
    assert (outcomes["text Cell 0"], outcomes["text drift"]) == ("FAILED", "PASSED")


def test_a_widget_is_the_drift_checks(outcomes: dict[str, str]) -> None:
    """A widget that was saved, which nbval does not look at, fails in the drift check."""
    assert (outcomes["widget Cell 0"], outcomes["widget drift"]) == ("PASSED", "FAILED")
    assert "it holds a widget" in outcomes["all"]


def test_a_kernel_that_ends_is_not_waited_for(outcomes: dict[str, str]) -> None:
    """A cell that ends its kernel's process fails, and says so."""
    assert outcomes["dead Cell 0"] == "FAILED"
    assert "the kernel's process ended by itself" in outcomes["all"]


def test_a_notebook_without_a_source(outcomes: dict[str, str]) -> None:
    """A notebook that no source makes is named."""
    assert outcomes["stray drift"] == "FAILED"
    assert "stray.py is not in src" in outcomes["all"]
