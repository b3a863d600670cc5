"""A solution runs where it is shown: in the notebook of its chapter."""

import re
from pathlib import Path

import pytest

from tests.causes.chapters import EXERCISES
from workbook.question import Exercise

SOURCES = [path.read_text() for path in Path("chapters/src").glob("[0-9]*.py")]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.name)
def test_a_notebook_imports_what_a_solution_needs(exercise: Exercise) -> None:
    """Each import of the exercise's setup stands in a cell above its check."""
    check = re.compile(rf"^check\(\w+\.{exercise.name.upper()},", re.MULTILINE)
    (found,) = [(source, match) for source in SOURCES if (match := check.search(source))]
    above = found[0][: found[1].start()]
    imports = [line for line in exercise.setup.splitlines() if "import " in line]
    assert [line for line in imports if line not in above] == []
