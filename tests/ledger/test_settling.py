"""Settling a claim: agreement, disagreement, recordings, and what cannot be decided."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from workbook import experiment, recording
from workbook.causes.precision import SIX_NUMBERS
from workbook.chart import Axis, Chart, Panel
from workbook.devices import DeviceUnavailable
from workbook.experiment import run
from workbook.ledger import Claim, Expectation, Trial, as_prediction, claims, settle, settle_all
from workbook.ledger import settling as module
from workbook.ledger.rows import Bet, Outcome
from workbook.recording import Recording
from workbook.result import Finding, Result

FACTS = {"date": "2026-01-02", "device": "cuda", "torch": "2.9.0", "workbook": "0", "cuda": "A GPU"}
VALUES: dict[str, Any] = {"n": 3, "a/b": 1, "deep": {"x": [5, 6], "y": (1, 2)}, "none": None}


def row(*expect: tuple[str, str, Any], **changes: Any) -> Claim:
    """A claim about six numbers, or another one."""
    trial = Trial("six_numbers", tuple(Expectation(*each) for each in expect))
    told = ("made-up", "01", "It is so.", "true", "It was measured.", ("C001",), "cpu", (trial,))
    return replace(Claim(*told), **changes)


BET = Bet(
    "How many sums?",
    (
        Outcome("one", (Expectation("distinct", "is", 1),), "true"),
        Outcome("several", (Expectation("distinct", "above", 1),), "misleading"),
    ),
)
NOWHERE = replace(row(("n", "is", 1)), where="nowhere", verdict="cannot be tested here", trials=())


def found(values: dict[str, Any]) -> Result:
    """A result with these values."""
    finding = Finding("So.", "3", Chart((Panel(Axis("", 0, 1), Axis("", 0, 1), ()),)), values)
    return replace(run(SIX_NUMBERS), finding=finding)


class Absent:
    """A device that is not here, whatever machine this is."""

    def absent(self) -> str:
        """The reason."""
        return "There is no GPU."


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without CUDA and without a recording of it."""
    monkeypatch.setattr(experiment, "device", lambda name: Absent())
    monkeypatch.setattr(recording, "recorded", lambda name: ())


def recorded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that says it comes from a GPU, of six numbers at the opening settings."""
    result = replace(run(SIX_NUMBERS), source="RECORDED", provenance=FACTS)
    made = recording.Recording.from_json(Recording(FACTS, (result,)).to_json())
    monkeypatch.setattr(recording, "recorded", lambda name: (made,))


@pytest.mark.parametrize(
    ("value", "relation", "true", "untrue"),
    [
        ("n", "is", 3, 4),
        ("n", "is not", 4, 3),
        ("n", "above", 2, 3),
        ("n", "below", 4, 3),
        ("n", "at least", 3, 4),
        ("n", "at most", 3, 2),
        ("deep/x", "contains", 5, 7),
        ("deep/x", "lacks", 7, 5),
        ("a/b", "is", 1, 2),
        ("deep/x/-1", "is", 6, 5),
        ("deep/y", "is", [1, 2], [2, 1]),
        ("none", "is", None, 0),
        ("verdict", "is", "So.", "Not so."),
    ],
)
def test_an_expectation_can_fail(value: str, relation: str, true: Any, untrue: Any) -> None:
    """Each relation holds for one stated value and fails for another."""
    assert settle(row((value, relation, true)), lambda *_: found(VALUES)).outcome == "agrees"
    settled = settle(row((value, relation, untrue)), lambda *_: found(VALUES))
    assert settled.outcome == "disagrees"
    assert settled.failed[0].startswith(f"{value} {relation} {untrue}, but it was ")


def test_a_comparison_can_be_expected() -> None:
    """Its word is looked up by its number."""
    assert settle(row(("comparison 0", "is", "rounding"))).outcome == "agrees"
    assert settle(row(("comparison 0", "is", "wrong"))).outcome == "disagrees"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("m", "six_numbers has values n, a/b, deep, none; got 'm'"),
        ("n/0", "six_numbers has values n, a/b, deep, none; got 'n/0'"),
        ("deep/x/9", "IndexError"),
        ("comparison 9", "IndexError"),
        ("none", "TypeError"),
    ],
)
def test_what_cannot_be_looked_up_disagrees(value: str, words: str) -> None:
    """A value that is not there, or that cannot be compared, is no agreement."""
    settled = settle(row((value, "above", 1)), lambda *_: found(VALUES))
    assert settled.outcome == "disagrees"
    assert words in settled.failed[0]


@pytest.mark.parametrize(
    "each", [c for c in claims() if c.where == "cpu"][::10], ids=lambda c: c.id
)
def test_a_perturbed_row_is_found(each: Claim) -> None:
    """A row that states the opposite of one thing disagrees, and says what came instead."""
    opposite = {
        "is": "is not", "is not": "is", "above": "at most", "at most": "above", "below": "at least",
        "at least": "below", "contains": "lacks", "lacks": "contains",
    }  # fmt: skip
    trial = each.trials[-1]
    last = trial.expect[-1]
    turned = replace(last, relation=opposite[last.relation])
    trials = (*each.trials[:-1], replace(trial, expect=(*trial.expect[:-1], turned)))
    settled = settle(replace(each, trials=trials))
    assert settled.outcome == "disagrees"
    assert len(settled.failed) == 1


def test_every_trial_counts() -> None:
    """One trial that fails makes the claim disagree, whatever the others say."""
    good, bad = (row(("distinct", "above", n)).trials[0] for n in (1, 100))
    for trials in ((good, bad), (bad, good)):
        assert settle(row(("distinct", "is", 3), trials=trials)).outcome == "disagrees"


def test_an_experiment_that_raises_disagrees() -> None:
    """One broken row does not stop the table; it says what was raised."""
    broken = replace(row(("n", "is", 1)).trials[0], experiment="missing")
    settled = settle(row(("n", "is", 1), trials=(broken,)))
    assert settled.outcome == "disagrees"
    assert "missing" in settled.failed[0]


def test_equal_trials_are_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows that need the same measurement share it."""
    asked: list[str] = []

    def measured(trial: Trial, where: str) -> Result:
        asked.append(trial.experiment)
        return run(SIX_NUMBERS)

    monkeypatch.setattr(module, "measure", measured)
    rows = [row(("distinct", "above", 1)), row(("distinct", "below", 99))]
    assert [each.outcome for each in settle_all(rows)] == ["agrees", "agrees"]
    assert asked == ["six_numbers"]


@pytest.mark.usefixtures("no_cuda")
def test_an_absent_device_decides_nothing() -> None:
    """Neither agreement nor disagreement: the reason is said."""
    settled = settle(row(("distinct", "above", 100), where="cuda"))
    assert settled.outcome == "not decided here"
    assert settled.measured == "There is no GPU. There is no recording of this experiment either."


@pytest.mark.parametrize(("least", "outcome"), [(1, "agrees"), (100, "disagrees")])
@pytest.mark.usefixtures("no_cuda")
def test_a_recording_decides(monkeypatch: pytest.MonkeyPatch, least: int, outcome: str) -> None:
    """Where the device is absent, what it measured elsewhere is held against the row."""
    recorded_here(monkeypatch)
    settled = settle(row(("distinct", "above", least), where="cuda"))
    assert settled.outcome == outcome
    assert settled.source.startswith("RECORDED")
    assert settled.source.endswith("2026-01-02")


@pytest.mark.usefixtures("no_cuda")
def test_a_recording_at_other_settings_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not recorded is not made up."""
    recorded_here(monkeypatch)
    other = replace(row(("distinct", "above", 1)).trials[0], settings={"dtype": "float16"})
    settled = settle(row(("distinct", "above", 1), where="cuda", trials=(other,)))
    assert settled.outcome == "not decided here"
    assert "was recorded at other settings" in settled.measured


@pytest.mark.usefixtures("no_cuda")
def test_a_recording_of_another_device_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim about DirectML is not settled by a recording of CUDA."""
    recorded_here(monkeypatch)
    untested = row(("distinct", "above", 1), where="directml", verdict="cannot be tested here")
    assert settle(untested).outcome == "not decided here"


def test_what_is_decided_nowhere_says_so() -> None:
    """Nothing was measured, and nothing is made up."""
    assert settle(NOWHERE).outcome == "not decided here"
    assert settle(NOWHERE).measured == "No experiment of this workbook decides it."


def test_a_settled_claim_is_plain_data() -> None:
    """Everything that the table shows goes through JSON."""
    data = json.loads(json.dumps(settle(row(("distinct", "above", 1))).to_json()))
    assert data["outcome"] == "agrees"
    assert data["trials"] == [{"experiment": "six_numbers", "settings": {}}]
    assert data["source"].startswith("LIVE")


class TestBet:
    """A claim as a prediction."""

    def test_the_outcome_that_holds_is_measured(self) -> None:
        """The reader is asked what the experiment shows, and the verdict follows from that."""
        bet = as_prediction(row(("distinct", "above", 1), verdict="misleading", bet=BET))
        assert [each.text for each in bet.options] == ["one", "several"]
        assert bet.measured().text == "several"
        assert bet.question == "Claim: It is so. How many sums?"
        assert bet.because == "So the claim is misleading. It was measured."

    def test_a_contradiction_is_an_error(self) -> None:
        """A reader is never told a verdict that this machine contradicts."""
        bet = as_prediction(row(("distinct", "above", 100), verdict="misleading", bet=BET))
        with pytest.raises(ValueError, match="made-up: this machine measures otherwise: distinct"):
            bet.measured()

    def test_a_verdict_that_does_not_follow_is_an_error(self) -> None:
        """The row says true, and what was measured makes the claim misleading."""
        bet = as_prediction(row(("distinct", "above", 1), verdict="true", bet=BET))
        with pytest.raises(ValueError, match="from 'several' follows 'misleading', the row says"):
            bet.measured()

    @pytest.mark.parametrize(("limit", "held"), [(1, "none"), (2, "'one', 'several'")])
    def test_exactly_one_outcome_holds(self, limit: int, held: str) -> None:
        """Outcomes that leave a gap, or that overlap, are found when they are measured."""
        below = Outcome("one", (Expectation("distinct", "below", 100 * limit - 100),), "true")
        above = Outcome("several", (Expectation("distinct", "above", 200 - 100 * limit),), "true")
        made = row(("distinct", "above", 1), bet=Bet("How many sums?", (below, above)))
        with pytest.raises(ValueError, match=f"exactly one outcome .* here it was {held}"):
            as_prediction(made).measured()

    @pytest.mark.usefixtures("no_cuda")
    def test_an_absent_device_is_said(self) -> None:
        """Without the device and a recording there is nothing to measure."""
        with pytest.raises(DeviceUnavailable, match=r"There is no GPU\."):
            as_prediction(row(("distinct", "above", 1), where="cuda", bet=BET)).measured()

    def test_a_row_without_a_bet_says_what_to_do(self) -> None:
        """A claim in a chapter needs a question of its own."""
        with pytest.raises(ValueError, match="made-up has no bet: give its row the key 'bet'"):
            as_prediction(NOWHERE)


@pytest.mark.parametrize("each", [c for c in claims() if c.bet], ids=lambda c: c.id)
def test_an_inverted_bet_is_found(each: Claim) -> None:
    """One outcome holds; if the verdicts of the outcomes change places, the bet fails."""
    bet = each.bet
    assert bet is not None
    measured = as_prediction(each).measured().text
    assert measured in [outcome.text for outcome in bet.outcomes]
    verdicts = [outcome.verdict for outcome in bet.outcomes]
    turned = verdicts[1:] + verdicts[:1]
    if turned[[outcome.text for outcome in bet.outcomes].index(measured)] == each.verdict:
        turned = turned[1:] + turned[:1]
    outcomes = tuple(replace(o, verdict=v) for o, v in zip(bet.outcomes, turned, strict=True))
    with pytest.raises(ValueError, match=f"{each.id}: from "):
        as_prediction(replace(each, bet=replace(bet, outcomes=outcomes))).measured()


def test_a_trial_may_name_its_own_device() -> None:
    """A claim about CUDA may hold the CPU beside it: that trial runs here."""
    trial = Trial("six_numbers", (Expectation("distinct", "above", 1),), {"device": "cpu"})
    assert module.measure(trial, "cuda").source == "LIVE"
