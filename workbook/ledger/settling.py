"""Settling a claim: run the experiment that decides it and hold the result against the row.

Owns the outcome and the table of outcomes. Believes nothing that a row states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbook.causes import experiments
from workbook.devices import device
from workbook.experiment import run
from workbook.ledger.rows import RELATIONS, Claim, Expectation
from workbook.question import Prediction
from workbook.result import Result

Outcome = Literal["agrees", "disagrees", "not decided here"]
BETS = {
    "true": "it holds",
    "true only if": "it holds only under a condition",
    "misleading": "it misleads",
    "false": "it is false",
}


@dataclass(frozen=True)
class Settled:
    """A claim with what this machine measured.

    `measured` says it in words and this machine's digits; `failed` are the expectations that did
    not come true, each with what came instead.
    """

    claim: Claim
    outcome: Outcome
    measured: str
    failed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The row and the outcome as plain data."""
        row = self.claim
        names = ("id", "chapter", "claim", "verdict", "because", "where", "experiment")
        told = {name: getattr(row, name) for name in names}
        mine = {"outcome": self.outcome, "measured": self.measured, "failed": list(self.failed)}
        return {**told, "answers": list(row.answers), **mine}


def settle(claim: Claim) -> Settled:
    """Measure what decides this claim, if this machine can."""
    if claim.where == "nowhere":
        return Settled(claim, "not decided here", claim.because)
    absent = device(claim.where).absent()
    if absent is not None:
        return Settled(claim, "not decided here", absent)
    settings = dict(claim.settings)
    if claim.where != "cpu":
        settings.setdefault("device", claim.where)
    result = run(experiments()[claim.experiment], **settings)
    failed = tuple(_failures(claim.expect, result))
    measured = f"{result.verdict} ({result.finding.reading})"
    return Settled(claim, "disagrees" if failed else "agrees", measured, failed)


def settle_all(rows: Sequence[Claim]) -> Iterator[Settled]:
    """Settle one after another, each as soon as it is asked for."""
    return map(settle, rows)


def as_prediction(claim: Claim) -> Prediction:
    """The claim as a bet: the reader chooses a verdict, and the experiment says which it is.

    ValueError for a claim that no experiment decides. Measuring raises ValueError where this
    machine contradicts the row, with what came instead.
    """
    if claim.verdict not in BETS:
        raise ValueError(f"a bet needs a claim that can be tested, got {claim.id!r}")

    def measure() -> str:
        settled = settle(claim)
        if settled.failed:
            raise ValueError(f"{claim.id}: this machine measures otherwise: {settled.failed[0]}")
        return BETS[claim.verdict]

    question = f"Claim: {claim.claim} What will the experiment say?"
    return Prediction(claim.id, question, tuple(BETS.values()), measure, claim.because)


def _failures(expect: Sequence[Expectation], result: Result) -> Iterator[str]:
    for each in expect:
        came = _value(each.value, result)
        if not RELATIONS[each.relation](came, each.stated):
            yield f"{each}, but it was {came}"


def _value(name: str, result: Result) -> Any:
    if name == "verdict":
        return result.verdict
    if name.startswith("comparison "):
        return result.finding.comparisons[int(name.split()[1])].verdict
    value: Any = result.finding.values
    for part in name.split("/"):
        if part not in value:
            raise ValueError(f"{result.experiment} has values {', '.join(value)}; got {name!r}")
        value = value[part]
    return value
