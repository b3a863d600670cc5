"""Counting what a chapter holds, and its minutes."""

from __future__ import annotations

from typing import Any

import pytest

from workbook.lesson.contents import ROUNDED, WORDS_A_MINUTE, contents, needed, sections


def text(source: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "source": source}


def code(source: str | list[str]) -> dict[str, Any]:
    """A cell of code."""
    return {"cell_type": "code", "source": source}


CELLS = (
    text("# A title\n\nThree more words."),
    code("predict(precision.ONE_TENTH)"),
    code('claim("sums-in-any-order")'),
    code("explore(precision.SUMS, after=precision.ONE_TENTH)"),
    code(["n = ...\n", "check(precision.LAST, n)"]),
    code("hint(precision.LAST)"),
    code("solution(precision.LAST)"),
    text("## A case"),
    code("investigate(precision.ODD)"),
    code("print(1)"),
)


def test_everything_is_counted_once() -> None:
    """Words, rows by their names, explorers and other cells; a hint belongs to its exercise."""
    found = contents(CELLS)
    assert found.words == 5 + 2
    assert found.predictions == ("one_tenth", "sums-in-any-order")
    assert (found.exercises, found.cases) == (("last",), ("odd",))
    assert (found.explorers, found.cells) == (1, 1)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell["source"])[:20])
def test_every_part_takes_time(cell: dict[str, Any]) -> None:
    """What a reader does adds minutes; only hints and solutions are part of their exercise."""
    more = contents((*CELLS, cell, code("check(a.B, c)"))).exact
    assert (more > contents((*CELLS, code("check(a.B, c)"))).exact) == (
        cell["cell_type"] == "markdown" or cell in (CELLS[3], CELLS[-1])
    )


def test_minutes_are_the_stated_sum() -> None:
    """Words at their speed, and the stated minutes for each part, rounded up to five."""
    many = contents([text("word " * WORDS_A_MINUTE * 2), *CELLS[1:7], *CELLS[8:]])
    assert many.exact == 2 + 2 * 1.5 + 3 + 6 + 8 + 0.5
    assert many.minutes == 25 and many.minutes % ROUNDED == 0


def test_sections_hold_all_cells() -> None:
    """Parted at its headings, a chapter has the same parts in the same order."""
    parted = sections(CELLS)
    assert list(parted) == ["A title", "A case"]
    whole = contents(CELLS)
    assert sum(contents(cells).exact for cells in parted.values()) == pytest.approx(whole.exact)


def test_what_is_optional_is_left_out() -> None:
    """A section that begins with the mark takes its cells along, up to the next heading."""
    more = [text("## More\n\n*Optional: about {section}.*\n\nWords."), code("check(a.B, c)")]
    assert needed([*CELLS[:2], *more, *CELLS[7:]]) == needed([*CELLS[:2], *CELLS[7:]])


def test_a_cell_with_two_headings_is_parted() -> None:
    """Words before the second heading belong to the first section."""
    parted = sections([text("## First\n\none two\n\n## Second\n\nthree"), code("1")])
    assert [contents(each).words for each in parted.values()] == [3, 2]
    assert contents(parted["Second"]).cells == 1
