"""A notebook, run from top to bottom and in the order in which its cells last ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.diagnosis import Answer, diagnose
from workbook.diagnosis.session import Unusable
from workbook.notebook import names
from workbook.notebook.session import read, stored_order

CELLS = [
    ("%matplotlib inline\nimport torch\nx = torch.arange(4.0)", 1),
    ("scale = 2.0", 2),
    ("y = (x * scale).sum()", 4),
    ("scale = scale * 3", 3),
]


def notebook(path: Path, cells: list[tuple[str, int | None]], **more: Any) -> Path:
    """Write a notebook of these sources and execution counts."""
    rows = [
        {"cell_type": "code", "source": source, "execution_count": count, "outputs": []}
        for source, count in cells
    ]
    path.write_text(json.dumps({"nbformat": 4, "cells": rows, "metadata": more}))
    return path


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """The answer for a notebook whose cells last ran in another order."""
    path = notebook(tmp_path_factory.mktemp("project") / "analysis.ipynb", CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)
        return diagnose("analysis.ipynb")


def test_the_first_cell_that_differs_is_named_with_both_values(answer: Answer) -> None:
    """Top to bottom y is 2 * 6, in the stored order it is 6 * 6."""
    assert answer.causes[0].where == "cell 3, y"
    assert "y is 12" in answer.causes[0].evidence
    assert "(1, 2, 4, 3) it is 36" in answer.causes[0].evidence


def test_magics_are_left_out_and_said(answer: Answer) -> None:
    """A line magic is no Python: it does not run, and a sentence says so."""
    assert any("%matplotlib inline (cell 1)" in note for note in answer.notes)


def test_the_stored_order_is_that_of_the_counts(tmp_path: Path) -> None:
    """Cells that never ran are left out; the others stand by their counts."""
    path = notebook(tmp_path / "n.ipynb", [("a = 1", 7), ("b = 1", None), ("c = 1", 2)])
    assert stored_order(read(path)[0]) == [3, 1]


def test_another_language_is_refused(tmp_path: Path) -> None:
    """A notebook of R is told so."""
    path = notebook(tmp_path / "n.ipynb", [("x <- 1", 1)], kernelspec={"language": "R"})
    with pytest.raises(Unusable, match="speaks R"):
        read(path)


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    """JSON of another kind is told so."""
    (tmp_path / "n.ipynb").write_text("[1, 2]")
    with pytest.raises(Unusable, match="no notebook"):
        read(tmp_path / "n.ipynb")


def test_names_hold_what_can_be_compared() -> None:
    """Numbers count, functions, modules and hidden names do not."""
    assert set(names.held({"a": 1, "_b": 2, "json": json, "f": len})) == {"a"}
