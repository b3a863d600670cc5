"""Settling a claim: run the experiments that decide it and hold the results against the row.

Owns the outcome of a claim. Where the device is absent, a recording of it decides. Believes nothing
that a row states.
"""

import json
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from workbook.causes import experiments
from workbook.devices import DeviceUnavailable
from workbook.experiment import recall
from workbook.ledger.rows import RELATIONS, Claim, Expectation, Outcome, Trial
from workbook.question import Option, Prediction
from workbook.result import Result

Agreement = Literal["agrees", "disagrees", "not decided here"]
Measure = Callable[[Trial, str], Result]


@dataclass(frozen=True)
class Settled:
    """A claim with what was measured.

    `measured` says it in words and digits, `source` on which machine and whether that was LIVE or
    RECORDED; `failed` are the expectations that did not come true, each with what came instead.
    """

    claim: Claim
    outcome: Agreement
    measured: str
    source: str = ""
    failed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the row and the outcome as plain data."""
        row = self.claim
        names = ("id", "chapter", "claim", "verdict", "because", "where")
        told = {name: getattr(row, name) for name in names}
        trials = [{"experiment": t.experiment, "settings": dict(t.settings)} for t in row.trials]
        mine = {
            "outcome": self.outcome,
            "measured": self.measured,
            "source": self.source,
            "failed": list(self.failed),
        }
        return {**told, "answers": list(row.answers), "trials": trials, **mine}


def measure(trial: Trial, where: str) -> Result:
    """Measure the trial now, or recall it from a recording where the device is absent.

    `where` is the device, unless the trial's settings name another one. Away from the CPU, trials
    start from the settings that recordings have. DeviceUnavailable where there is neither.
    """
    experiment = experiments()[trial.experiment]
    place = {"device": where} if where != "cpu" and "device" in experiment.opening else {}
    return recall(experiment, **{**place, **trial.settings})


def settle(claim: Claim, measured_by: Measure = measure) -> Settled:
    """Measure what decides this claim, if this machine or a recording can.

    An experiment that raises makes a claim that disagrees, with what was raised.
    """
    if not claim.trials:
        return Settled(claim, "not decided here", "No experiment of this workbook decides it.")
    experiments()  # read before the trials: a chapter that cannot be imported is no claim's fault
    failed: list[str] = []
    said: list[str] = []
    source = ""
    try:
        for trial in claim.trials:
            result = measured_by(trial, claim.where)
            failed += _failures(trial.expect, result)
            said.append(f"{result.verdict} ({result.finding.reading})")
            source = result.where
    except DeviceUnavailable as absent:
        return Settled(claim, "not decided here", str(absent))
    except Exception as error:  # one row that breaks here must not hide the others
        failed.append(f"{type(error).__name__}: {error}")
    outcome: Agreement = "disagrees" if failed else "agrees"
    return Settled(claim, outcome, " ".join(dict.fromkeys(said)), source, tuple(failed))


def settle_all(rows: Sequence[Claim]) -> Iterator[Settled]:
    """Settle one after another, each when the iterator is advanced; equal trials are run once."""
    once = _remembered()
    return (settle(row, once) for row in rows)


def _remembered() -> Measure:
    """Make a `measure` that runs equal trials once."""
    known: dict[str, Result] = {}

    def once(trial: Trial, where: str) -> Result:
        key = json.dumps([trial.experiment, dict(trial.settings), where], sort_keys=True)
        if key not in known:
            known[key] = measure(trial, where)
        return known[key]

    return once


def as_prediction(claim: Claim) -> Prediction:
    """Make the claim's bet a prediction: what will the first trial show?

    ValueError for a claim without a bet. Measuring raises ValueError where no outcome or several
    hold, or where the verdict that follows is not the row's, with what came instead, and
    DeviceUnavailable where this machine cannot decide.
    """
    if claim.bet is None:
        raise ValueError(f"{claim.id} has no bet: give its row the key 'bet' in claims.json")
    bet = claim.bet
    return Prediction(
        claim.id,
        f"Claim: {claim.claim} {bet.question}",
        tuple(
            Option(
                each.text, partial(operator.is_, each), f"Then the claim would be {_told(each)}."
            )
            for each in bet.outcomes
        ),
        lambda: came_out(claim),
        f"So the claim is {_told(claim)}. {claim.because}",
    )


def _told(row: Claim | Outcome) -> str:
    return row.verdict.replace("only if", "only under a condition")


def came_out(claim: Claim) -> Outcome:
    """Measure the claim's first trial and tell which outcome of its bet holds.

    Every trial of the claim is measured too, so that the verdict rests on all of them. Raises as
    described for `as_prediction`.
    """
    once = _remembered()
    settled = settle(claim, once)
    if settled.outcome == "not decided here":
        raise DeviceUnavailable(settled.measured)
    if settled.failed:
        raise ValueError(f"{claim.id}: this machine measures otherwise: {settled.failed[0]}")
    result = once(claim.trials[0], claim.where)
    outcomes = claim.bet.outcomes if claim.bet else ()
    held = [each for each in outcomes if not list(_failures(each.expect, result))]
    if len(held) != 1:
        texts = ", ".join(repr(each.text) for each in held) or "none"
        raise ValueError(f"{claim.id}: exactly one outcome of a bet holds; here it was {texts}")
    if held[0].verdict != claim.verdict:
        raise ValueError(
            f"{claim.id}: from {held[0].text!r} follows {held[0].verdict!r}, "
            f"the row says {claim.verdict!r}"
        )
    return held[0]


def _failures(expect: Sequence[Expectation], result: Result) -> Iterator[str]:
    for each in expect:
        came = value_of(each.value, result)
        if not RELATIONS[each.relation](came, each.stated):
            yield f"{each}, but it was {came}"


def value_of(name: str, result: Result) -> Any:
    """Look up what the result has under an expectation's name; ValueError lists the names."""
    if name == "verdict":
        return result.verdict
    if name.startswith("comparison "):
        return result.finding.comparisons[int(name.split()[1])].verdict
    values = result.finding.values
    value: Any = values.get(name, values)
    for part in () if name in values else name.split("/"):
        if isinstance(value, (list, tuple)) and part.lstrip("-").isdigit():
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            known = ", ".join(map(str, values))
            raise ValueError(f"{result.experiment} has values {known}; got {name!r}")
    return list(value) if isinstance(value, tuple) else value
