"""The file of kept answers."""

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from workbook.lesson.kept import FILE, KEPT_HERE, Given, Kept


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the answers are kept."""
    return tmp_path / FILE


def _add_ten(path: Path, writer: int) -> None:
    for number in range(10):
        Kept(path).add(Given("prediction", f"{writer}-{number}", True, 50))


def test_an_answer_is_read_back(file: Path) -> None:
    """What was answered is there for the next kernel."""
    given = Given("prediction", "a", False, 70)
    assert Kept(file).add(given) == ""
    assert Kept(file).read() == {("prediction", "a"): given}


def test_the_first_answer_stays(file: Path) -> None:
    """An answer is kept once for each kind and name."""
    for kind, held in (("prediction", False), ("prediction", True), ("exercise", True)):
        Kept(file).add(Given(kind, "a", held))
    assert [each.held for each in Kept(file).read().values()] == [False, True]


def test_nothing_is_lost_when_notebooks_write_at_once(file: Path) -> None:
    """Three processes that write ten answers each leave thirty."""
    fork = multiprocessing.get_context("fork" if hasattr(__import__("os"), "fork") else "spawn")
    writers = [fork.Process(target=_add_ten, args=(file, number)) for number in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert len(Kept(file).read()) == 30


@pytest.mark.parametrize("damage", [b"{}", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_file_is_set_aside(file: Path, damage: bytes) -> None:
    """It is renamed, one sentence says so, and a new one is begun."""
    file.write_bytes(damage)
    assert Kept(file).read() == {}
    told = Kept(file).add(Given("case", "a", True))
    assert told == f"{FILE} was damaged: it is .answers.damaged now, and a new one was begun."
    assert file.with_suffix(".damaged").read_bytes() == damage
    assert len(Kept(file).read()) == 1


def test_a_newer_file_is_left(file: Path) -> None:
    """What a newer version of the workbook wrote is not touched, and the reader is told."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("pragma user_version = 2")
    before = file.read_bytes()
    assert "of a newer version" in Kept(file).add(Given("case", "a", True))
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The reader is told that the answer is not kept; nothing is raised."""
    told = Kept(tmp_path / "absent" / FILE).add(Given("case", "a", True))
    assert told.startswith("Your answer is not kept: ")


def test_only_a_notebook_keeps(file: Path) -> None:
    """Where no kernel runs, as in this test, nothing is kept, and reading makes no file."""
    assert KEPT_HERE.path is None
    assert Kept(file).read() == {} and not file.exists()
