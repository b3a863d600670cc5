"""A notebook, run from top to bottom and in the order in which its cells last ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.diagnosis.session import Unusable
from workbook.notebook import names
from workbook.notebook.session import read, stored_order


def notebook(path: Path, cells: list[tuple[str, int | None]], **more: Any) -> Path:
    """Write a notebook of these sources and execution counts."""
    rows = [
        {"cell_type": "code", "source": source, "execution_count": count, "outputs": []}
        for source, count in cells
    ]
    path.write_text(json.dumps({"nbformat": 4, "cells": rows, "metadata": more}))
    return path


def test_magics_are_left_out(tmp_path: Path) -> None:
    """Line magics and shell lines do not run, a cell of another language is left out whole."""
    cells = [("%matplotlib inline\n!ls\nx = 1", 1), ("%%bash\necho 1", 2), ("%%time\ny = 2", 3)]
    kept, left = read(notebook(tmp_path / "n.ipynb", cells))
    assert [one.source.split() for one in kept] == [["x", "=", "1"], ["y", "=", "2"]]
    assert left == [
        "%matplotlib inline (cell 1)",
        "!ls (cell 1)",
        "%%bash (cell 2)",
        "%%time (cell 3)",
    ]


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
