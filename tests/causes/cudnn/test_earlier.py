"""Earlier sessions: their runs are added up, and only where device, version and operands agree."""

import pytest

from workbook.causes.cudnn import earlier, series
from workbook.causes.cudnn.catalogue import CATALOGUE, FAMILIES
from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.switches import CHANGES, DEFAULT, SWITCHES
from workbook.conditions import Conditions
from workbook.experiment import run
from workbook.recording import Session, recordings

WHERE = Conditions(seed=0, threads=1)
ROWS = {row.name: row for family in FAMILIES.values() for row in family}
SUM = ROWS["sum"]
HERE = {"cuda": "A GPU", "torch": "2.9", "cpu": "A CPU", "capability": "AVX2", "cores": "4"}


def made(**changes):
    """Runs as a session holds them: none of 299 had other bits."""
    words = {"operation": "sum", "operands": SUM.operand_words, "conditions": WHERE.to_json()}
    return {**words, "other": 0, "repeats": 299, **changes}


def test_sessions_are_added_up():
    """Two sessions of 299, one of which saw two other results: 2 of 598."""
    assert str(earlier.added([made(), made(other=2)], WHERE, SUM)) == "2 of 598"


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "mean"},
        {"operands": "float32[3]"},
        {"conditions": WHERE.replace(deterministic="on").to_json()},
    ],
)
def test_other_runs_are_not(change):
    """Another operation, other operands and other conditions are not added."""
    assert earlier.added([made(**change)], WHERE, SUM) is None


@pytest.mark.parametrize(
    ("device", "change", "same"),
    [
        ("cuda", {}, True),
        ("cuda", {"cores": "8"}, True),
        ("cuda", {"cuda": "B GPU"}, False),
        ("cuda", {"torch": "2.10"}, False),
        ("cpu", {"cores": "8"}, False),
        ("cpu", {"cuda": "B GPU"}, True),
        ("xpu", {}, False),
    ],
)
def test_of_the_same_device(device, change, same):
    """A GPU is its name and its torch; a CPU its instruction set and cores, too."""
    session = Session({**HERE, "date": "2026-01-02", "device": "cuda", "workbook": "0"})
    assert earlier.same_device(session, {**HERE, **change}, device) is same


def test_a_series_starts_from_earlier_sessions(monkeypatch):
    """What is asked for is run here, what was recorded is added; own runs are told apart."""
    monkeypatch.setattr(series, "earlier", lambda where, row: Count(1, 299))
    series.forget()
    try:
        one = series.series(WHERE, SUM, 5)
        assert (str(one.count), one.varies) == ("1 of 304", True)
        assert str(series.series(WHERE, SUM, 11).count) == "1 of 310"
        assert [(each["other"], each["repeats"]) for each in series.runs()] == [(0, 11)]
        values = run(CATALOGUE, family="sums", repeats=5).finding.values
        assert values["counts"]["sum"] == [1, 310] and "sum" in values["varies"]
    finally:
        series.forget()


def pooled():
    """Every recorded count, with what the sessions of its file add up to."""
    for one in recordings():
        runs = [each for session in one.sessions for each in session.runs]
        for result in one.results:
            if result.experiment not in (CATALOGUE.name, SWITCHES.name, DOCUMENTED.name):
                continue
            for name, counts in result.finding.values["counts"].items():
                by = counts if isinstance(counts, dict) else {DEFAULT: counts}
                for setting, count in by.items():
                    where = result.conditions.replace(**CHANGES[setting])
                    yield count, earlier.added(runs, where, ROWS[name])


def test_every_recorded_figure_has_the_count_of_all_sessions():
    """Catalogue, switches and documentation show for each operation the sum over all sessions."""
    shown = list(pooled())
    assert len(shown) > 300
    assert [(c, p) for c, p in shown if p is None or (*c,) != (p.other, p.repeats)] == []
