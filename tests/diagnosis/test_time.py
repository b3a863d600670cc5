"""How long a diagnosis may take: as long as it is told, or as the first run shows that it needs."""

from __future__ import annotations

import pytest

from workbook.diagnosis import session as module
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import Subject


@pytest.mark.parametrize(
    ("paced", "first", "expected"), [(True, 1.0, 120.0), (True, 10.0, 500.0), (False, 10.0, 120.0)]
)
def test_a_slow_first_run_puts_the_deadline_off(
    paced: bool, first: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is fifty first runs where nobody set one and that is later; a set one stays."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    session = Session(Workers(), Subject("function"), 1120.0, paced=paced, begun=1000.0)
    for _ in range(3):  # the first run alone says it
        now[0] += first
        session.pace()
    assert session.deadline == 1000.0 + expected
