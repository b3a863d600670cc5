"""The thirty programs: what each says of itself holds together; one is diagnosed here."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.reports.program import Program, programs
from workbook.diagnosis import CAUSES, Workers, diagnose

ALL = programs()


def test_there_are_thirty_half_of_them_held_out() -> None:
    """Every form but one stands in both halves, and so do programs without a fault."""
    assert [one.name for one in ALL] == [f"{number:02}" for number in range(1, 31)]
    halves = [{one.form for one in ALL if one.held_out is held} for held in (False, True)]
    assert sum(one.held_out for one in ALL) == 15 and halves[0] == halves[1]
    assert {one.held_out for one in ALL if one.labels == ("none",)} == {False, True}


@pytest.mark.parametrize("program", ALL, ids=lambda one: one.name)
def test_a_program_and_its_cure_can_be_read(program: Program) -> None:
    """Its label is a cause, its files are Python, YAML or a notebook, and the cure changes one."""
    known = {one.id for one in CAUSES} | {"rounding"}
    assert set(program.labels) <= known
    faulty, cured = program.files(cured=False), program.files(cured=True)
    assert (faulty == cured) is (program.labels == ("none",))
    for name, text in {**faulty, **cured}.items():
        if name.endswith(".py"):
            ast.parse(text)
        if name.endswith(".ipynb"):
            ast.parse("\n".join(row["source"] for row in json.loads(text)["cells"]))


def test_a_test_of_another_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Workers
) -> None:
    """It leaves the default dtype changed, and the test that fails after it passes by itself."""
    (program,) = (one for one in ALL if one.name == "25")
    program.unpack(tmp_path)
    monkeypatch.chdir(tmp_path)
    (found,) = diagnose(*program.typed, workers=workers).causes
    assert (found.cause, found.where) == ("dtype", "tests/test_geometry.py::test_square")
