"""Where numbers are drawn, and which of two runs draws more."""

from types import SimpleNamespace
from typing import Any

from workbook.diagnosis.places import drawing, drawn_apart, unseeded


def _run(*lines: str) -> Any:
    draws = [["torch", "manual_seed", "a.py:1", "", 0, ""]]
    draws += [["torch", "aten.rand.default", line, "", 4, ""] for line in lines]
    return SimpleNamespace(outcomes=[{"draws": draws}])


def test_the_line_that_one_run_alone_draws_from_is_told() -> None:
    """Lines that both draw from are innocent of a shift; without others they are told."""
    quiet, logged = _run("a.py:2", "a.py:3"), _run("a.py:2", "a.py:9", "a.py:3")
    assert drawn_apart(quiet, logged) == drawn_apart(logged, quiet) == "torch rand at a.py:9"
    assert drawn_apart(quiet, quiet) == "torch rand at a.py:2, torch rand at a.py:3"


def test_what_is_drawn_before_the_seed_is_told_from_what_comes_after() -> None:
    """A late seed leaves the lines above it out; a seeded one is beside a generator without."""
    run = _run("a.py:2")
    run.outcomes[0]["draws"].insert(0, ["torch", "aten.rand.default", "b.py:7", "", 4, ""])
    assert unseeded(run) == ["torch rand at b.py:7"]
    assert drawing(_run("a.py:2"), []) == "torch rand at a.py:2"
    assert drawing(_run("a.py:2"), ["random.Random() at a.py:5"]) == "random.Random() at a.py:5"
