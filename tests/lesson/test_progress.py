"""What a reader has done: the calibration curve and the map of chapters."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbook.lesson import progress
from workbook.lesson.kept import FILE, Given, Kept
from workbook.lesson.progress import NOTHING, Group, grouped


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A folder with one chapter, and no answers yet."""
    cells = [new_markdown_cell("# A title"), new_code_cell("predict(sums.FIRST)")]
    cells += [new_code_cell("predict(sums.SECOND)"), new_code_cell("check(sums.ADD, n)")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "01_sums.ipynb")
    (tmp_path / "02_damaged.ipynb").write_text("{")
    return Kept(tmp_path / FILE)


def answered(kept: Kept) -> None:
    """Answer one prediction wrongly and pass the exercise."""
    kept.add(Given("prediction", "first", False, 90))
    kept.add(Given("exercise", "add", True))


def test_nothing_answered_is_a_sentence(kept: Kept) -> None:
    """Without an answer there is no curve and no table, and no file is made."""
    assert repr(progress(kept)) == NOTHING
    assert progress(kept)._repr_html_() == f"<p>{NOTHING}</p>"
    assert kept.path is not None and not kept.path.exists()


def test_where_nothing_is_kept() -> None:
    """Without a notebook's kernel it is the same sentence."""
    assert repr(progress(Kept(None))) == NOTHING


def test_a_chapter_is_told_by_what_is_done(kept: Kept) -> None:
    """Each kind is counted against what the chapter holds; a damaged notebook is left out."""
    answered(kept)
    (row,) = progress(kept).rows()
    assert row == ("01_sums", "10", "1 of 2, 0 right", "✓ 1 of 1", "")


def test_the_page_links_and_draws(kept: Kept) -> None:
    """The map links to the chapter, and the curve is told in words, too."""
    answered(kept)
    page = progress(kept)._repr_html_()
    assert "<a href='01_sums.ipynb'>01 sums</a>" in page
    assert "aria-label='about 90 % sure: right in 0 of 1'" in page


def test_exercises_alone_have_no_curve(kept: Kept) -> None:
    """Where no prediction was answered, the map stands by itself."""
    kept.add(Given("exercise", "add", True))
    assert "<svg" not in progress(kept)._repr_html_()


def test_predictions_are_grouped_by_confidence() -> None:
    """Every confidence from 0 to 100 belongs to one group, and each group says how many held."""
    rows = [Given("prediction", f"{sure}", sure > 50, sure) for sure in range(0, 101)]
    groups = grouped(rows)
    assert sum(each.count for each in groups) == 101
    assert groups[0] == Group(14.5, 30, 0)
    assert groups[-1] == Group(95.0, 11, 11)
