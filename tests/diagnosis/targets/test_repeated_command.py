"""A command that is run twice as it was typed: the first step that differs is named exactly."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from workbook.diagnosis.plan import Plan
from workbook.diagnosis.probes.steps import PARTS, UNREAD
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets.repeated_command import closer
from workbook.diagnosis.targets.watched import Watched


def _run(first: int, last: int, *, most: int = 8, side: int = 1) -> Run:
    """A run whose parameters are its own from step `first` on; it reads `most` of them and `last`.

    Its losses are its own one step later, as they are computed with those parameters.
    """
    rows = [
        [n, 1, 1, 1, side if n > first else 9, 1, 1, 1,
         (side if n >= first else 9) if n <= most or n == last else UNREAD]
        for n in range(1, last + 1)
    ]  # fmt: skip
    facts = {"facts": [], "counts": {}, "lists": {"steps": rows}}
    return Run(Path(), {"facts": [facts], "torch": True})


class Asked:
    """In place of a session: two runs that read every step, and what they were asked for."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.plans: list[Plan] = []

    def run(self, wanted: Plan, *, again: bool) -> Run:
        """Give a run to its step."""
        self.plans.append(wanted)
        return _run(self.first, wanted.stop, most=wanted.stop, side=len(self.plans))


def test_the_step_before_is_found_where_it_was_not_read() -> None:
    """A loss shows the difference at step 101; two runs to there, read in full, show it at 100."""
    watched = Watched(*(_run(100, 200, side=side) for side in (1, 2)))
    assert watched.parts == (101, (PARTS[3],))
    session = Asked(100)
    found = closer(cast("Session", session), watched)
    assert found.parts == (100, ("parameters",)) and found.same is False
    assert [plan.stop for plan in session.plans] == [101, 101]


def test_what_was_read_in_full_is_not_run_again() -> None:
    """Step 5 lies among the steps that were read: no run is made."""
    watched = Watched(*(_run(5, 200, side=side) for side in (1, 2)))
    session = Asked(5)
    assert closer(cast("Session", session), watched) is watched and not session.plans


def test_a_second_pair_that_agrees_takes_nothing_back() -> None:
    """What varies by chance may agree the second time: the first pair's step is named."""
    watched = Watched(*(_run(100, 200, side=side) for side in (1, 2)))
    assert closer(cast("Session", Asked(1_000)), watched).step == 101
