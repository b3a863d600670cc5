"""The table of machines: what is measured goes in, and what others measured stays."""

from __future__ import annotations

from pathlib import Path

from tests.emulated import TABLE, TEXT, notebooks, read, write

CHAPTERS = ["00", "01"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A row is found again under its machine and torch, with a dash where nothing was tried."""
    path = tmp_path / "machines.md"
    write({("Some processor", "2.13.0"): {"01": "12"}}, CHAPTERS, path)
    assert read(path) == {("Some processor", "2.13.0"): {"00": "–", "01": "12"}}


def test_other_rows_stay(tmp_path: Path) -> None:
    """A machine that is measured later is added below, and a new chapter gets a column."""
    path = tmp_path / "machines.md"
    write({("first", "2.4.1"): {"00": "5"}}, ["00"], path)
    rows = read(path)
    rows[("second", "2.13.0")] = {"01": "**fails**"}
    write(rows, CHAPTERS, path)
    assert list(read(path)) == [("first", "2.4.1"), ("second", "2.13.0")]
    assert read(path)["first", "2.4.1"] == {"00": "5", "01": "–"}


def test_without_a_table_there_are_no_rows(tmp_path: Path) -> None:
    """The first measurement needs no file."""
    assert read(tmp_path / "none.md") == {}


def test_the_committed_table_is_the_programs() -> None:
    """Its text is the program's, and each of its rows has a cell for each chapter."""
    assert TABLE.read_text(encoding="utf-8").startswith(TEXT)
    chapters = {path.stem[:2] for path in notebooks()}
    assert read() and all(set(row) <= chapters for row in read().values())
