"""Where numbers are drawn, and which of two runs draws more."""

from types import SimpleNamespace
from typing import Any

from workbook.diagnosis.places import drawn_apart


def _run(*lines: str) -> Any:
    draws = [["torch", "manual_seed", "a.py:1", "", 0, ""]]
    draws += [["torch", "aten.rand.default", line, "", 4, ""] for line in lines]
    return SimpleNamespace(outcomes=[{"draws": draws}])


def test_the_line_that_one_run_alone_draws_from_is_told() -> None:
    """Lines that both draw from are innocent of a shift; without others they are told."""
    quiet, logged = _run("a.py:2", "a.py:3"), _run("a.py:2", "a.py:9", "a.py:3")
    assert drawn_apart(quiet, logged) == drawn_apart(logged, quiet) == "torch rand at a.py:9"
    assert drawn_apart(quiet, quiet) == "torch rand at a.py:2, torch rand at a.py:3"
