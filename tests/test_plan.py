"""The ways through the chapters: their sections are there, run, and take their time."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

from chapters import plan
from workbook.lesson.contents import source

WAYS = {"90 minutes": plan.PATH, **plan.LESSONS}
README = Path(__file__).resolve().parents[1] / "README.md"


def names(code: str) -> tuple[set[str], set[str]]:
    """The names that code reads and those that it gives."""
    tree = ast.walk(ast.parse(code))
    read, given = set(), set(dir(builtins))
    for node in tree:
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else given).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            given |= {(each.asname or each.name).split(".")[0] for each in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            given.add(node.name)
        elif isinstance(node, (ast.arg, ast.ExceptHandler)):
            given.add(str(getattr(node, "arg", getattr(node, "name", ""))))
    return read, given


@pytest.mark.parametrize("way", WAYS)
def test_a_way_takes_its_time(way: str) -> None:
    """The sections of a way add up to 65 to 90 minutes."""
    assert 65 <= plan.minutes(WAYS[way]) <= 90


def test_the_short_way_fills_its_time() -> None:
    """Called 90 minutes, it takes over 80."""
    assert plan.minutes(plan.PATH) > 80


@pytest.mark.parametrize(
    ("chapter", "titles"),
    [pytest.param(*each, id=f"{name}-{each[0]}") for name, way in WAYS.items() for each in way],
)
def test_a_section_runs_after_the_first_cell(chapter: str, titles: tuple[str, ...]) -> None:
    """Whoever runs the first code cell and these sections meets no name that is not there."""
    parted = plan.parted(chapter)
    cells = [cell for section in parted.values() for cell in section]
    first = next(source(cell) for cell in cells if cell["cell_type"] == "code")
    missing = [title for title in titles if title not in parted]
    assert not missing, f"chapters/plan.py names what {chapter} does not have: {missing}"
    code = [source(c) for title in titles for c in parted[title] if c["cell_type"] == "code"]
    read, given = names("\n".join([first, *code]))
    assert read <= given


def test_the_readme_has_the_short_way() -> None:
    """The list in the README is the plan's."""
    assert plan.listed(plan.PATH, "notebooks/") in README.read_text(encoding="utf-8")
