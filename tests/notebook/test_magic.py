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
    "moves = iter(['e4', 'e5', 'Nf3'])\nown = torch.Generator()\nprices = torch.ones(3)",
    "%%why\nprint('leaked')\nmove = next(moves)\nprices.mul_(2)",
    "%%why\nnoise = torch.rand(3, generator=own)",
    "%%why\nhalf = prices / 2\nhalf.sum()",
    "%%why\nhalf = price / 2",
)


@pytest.fixture(scope="module")
def outputs() -> list[str]:
    """The plain text of each cell's last output, from a real kernel."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    NotebookClient(made, timeout=None, startup_timeout=3600, kernel_name="python3").execute()
    shown = [[str(o.get("text", o.get("data"))) for o in cell.outputs] for cell in made.cells]
    assert "leaked" not in str(shown)  # what forks print is no output of the cell
    return [cell.outputs[-1]["data"]["text/plain"] if cell.outputs else "" for cell in made.cells]


def test_the_cell_is_told_what_changes_it(outputs: list[str]) -> None:
    """A draw that follows the generator is answered with random-numbers."""
    assert "random-numbers" in outputs[1]


def test_the_kernel_is_as_it_was(outputs: list[str]) -> None:
    """No name came, no seed was set, and the next draw is the first one of its seed."""
    there, same, drawn = eval(outputs[2])
    assert (there, same) == (False, True)
    assert drawn == float(outputs[3])


@pytest.mark.parametrize(
    ("cell", "words"),
    [(5, "module-state"), (6, "generator-shift"), (7, "`none`"), (8, "name 'price' is not")],
)
def test_what_a_second_run_of_the_cell_changes_is_said(
    cell: int, words: str, outputs: list[str]
) -> None:
    """What it begins from is used up or changed, drawn from, or left; and an error is quoted."""
    assert words in outputs[cell]
