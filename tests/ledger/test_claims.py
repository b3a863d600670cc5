"""The rows: every statement is answered, every trial can run, and every claim is settled."""

from __future__ import annotations

import pytest

from workbook.causes import experiments
from workbook.devices import DeviceUnavailable
from workbook.experiment import run
from workbook.ledger import STATEMENTS, Claim, Trial, claims, settle, unanswered
from workbook.ledger.rows import ARTICLES, UNTESTED
from workbook.ledger.settling import measure, value_of
from workbook.recording import recordings

pytestmark = pytest.mark.uncounted

# What stands in for a device that this machine may lack, to look up what a trial names.
STAND_IN = {"cuda": "cpu", "directml": "simulated"}


def named(row: Claim) -> str:
    """The test's id."""
    return row.id


TRIALS = [
    pytest.param(row, trial, id=f"{row.id}-{number}")
    for row in claims()
    for number, trial in enumerate(row.trials)
    if row.where != "cpu"
]


@pytest.mark.parametrize("row", claims(), ids=named)
def test_this_machine_agrees_with_the_ledger(row: Claim) -> None:
    """What the row states is what is measured here, or recorded on the device that it needs."""
    settled = settle(row)
    assert settled.failed == ()
    assert settled.outcome == "agrees" or row.where != "cpu"


@pytest.mark.parametrize("number", STATEMENTS)
def test_every_statement_is_answered(number: str) -> None:
    """A row answers it, or there is a reason why none does; not both."""
    rows = [row.id for row in claims() if number in row.answers]
    assert bool(rows) != (number in unanswered())


def test_what_is_left_out_has_a_reason() -> None:
    """The reasons are sentences, and there are few of them."""
    assert all(reason.endswith(".") for reason in unanswered().values())
    assert set(unanswered()) < set(STATEMENTS)
    assert len(set(unanswered()) & set(ARTICLES)) < 10


@pytest.mark.parametrize(("row", "trial"), TRIALS)
def test_a_trial_on_a_device_can_run(row: Claim, trial: Trial) -> None:
    """Its experiment exists, its settings are allowed, and it has the values that are named.

    Where neither the device nor a recording of it is here, another device stands in, at the opening
    settings: nothing is compared. The trials on a CPU are all run above.
    """
    experiment = experiments()[trial.experiment]
    experiment.checked({"device": row.where, **trial.settings})
    try:
        result = measure(trial, row.where)
    except DeviceUnavailable:
        result = run(experiment, device=STAND_IN[row.where])
    for each in trial.expect:
        value_of(each.value, result)


@pytest.mark.skipif(
    not any(each.provenance["device"] == "cuda" for each in recordings()),
    reason="no recording of CUDA comes with this version",
)
@pytest.mark.parametrize("row", [r for r in claims() if r.where == "cuda"], ids=named)
def test_readers_without_cuda_see_a_decision(row: Claim) -> None:
    """The recordings that come with the package hold every trial of a claim about CUDA."""
    assert settle(row).outcome == "agrees"


def test_what_is_untested_is_said() -> None:
    """Whatever neither CPU nor CUDA decides is marked, and has no verdict beside that."""
    for row in claims():
        assert (row.where in ("directml", "nowhere")) == (row.verdict == UNTESTED)
