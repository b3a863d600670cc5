"""`%%why` in a kernel: the cell runs in forks, and the kernel stays as it is."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

SOURCES = (
    "%load_ext workbook.notebook\nimport torch\nimport workbook.notebook.magic as magic\n"
    "magic.SECONDS = 86_400.0\n"  # no busy machine ends the diagnosis
    "torch.manual_seed(0)\nbefore = torch.initial_seed()",
    "%%why\nnoise = torch.rand(4)",
    "'noise' in globals(), torch.initial_seed() == before, torch.rand(1).item()",
    "torch.manual_seed(0)\ntorch.rand(1).item()",
)


@pytest.fixture(scope="module")
def outputs() -> list[str]:
    """The plain text of each cell's last output, from a real kernel."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    NotebookClient(made, timeout=None, startup_timeout=3600, kernel_name="python3").execute()
    return [cell.outputs[-1]["data"]["text/plain"] if cell.outputs else "" for cell in made.cells]


def test_the_cell_is_told_what_changes_it(outputs: list[str]) -> None:
    """A draw that follows the generator is answered with random-numbers."""
    assert "random-numbers" in outputs[1]


def test_the_kernel_is_as_it_was(outputs: list[str]) -> None:
    """No name came, no seed was set, and the next draw is the first one of its seed."""
    there, same, drawn = eval(outputs[2])
    assert (there, same) == (False, True)
    assert drawn == float(outputs[3])
