"""Reading the ledger's two files: the claims, and the statements that no claim answers.

Owns the files' form: which keys a row has and what is wrong with a damaged one. Nothing here
measures.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from workbook.ledger.rows import Bet, Claim, Expectation, Outcome, Trial

FILE = Path(__file__).parent / "claims.json"
LEFT_OUT = Path(__file__).parent / "unanswered.json"


@cache
def claims() -> tuple[Claim, ...]:
    """Give every row, in the file's order; ValueError names a damaged one."""
    return read(FILE)


@cache
def unanswered() -> Mapping[str, str]:
    """Read the statements that no row answers, by number, each with the reason why none does."""
    reasons: dict[str, str] = json.loads(LEFT_OUT.read_text(encoding="utf-8"))
    return reasons


def claim_of(name: str) -> Claim:
    """Give the row of that id; ValueError says how ids look."""
    for row in claims():
        if row.id == name:
            return row
    known = ", ".join(row.id for row in claims()[:3])
    raise ValueError(f"a claim has an id such as {known}; got {name!r}")


def read(path: Path) -> tuple[Claim, ...]:
    """Read the rows of a file; ValueError says what is wrong with it, and in which row."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise ValueError(f"{path.name} is a list of rows, got {type(rows).__name__}")
    claims = tuple(claim_from(row) for row in rows)
    seen: set[str] = set()
    for row in claims:
        if row.id in seen:
            raise ValueError(f"each claim has an id of its own, got {row.id!r} twice")
        seen.add(row.id)
    return claims


def claim_from(row: Any) -> Claim:
    """Read the claim of one row of the file; ValueError names the row and what is wrong."""
    name = row.get("id", "a row without an id") if isinstance(row, Mapping) else repr(row)
    try:
        _same_keys(row, Claim, "answers")
        trials = tuple(_trial(each) for each in row.get("trials", ()))
        bet = _bet(row["bet"]) if "bet" in row else None
        answers = _listed(row["answers"])
        return Claim(**{**row, "trials": trials, "answers": answers, "bet": bet})
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{name}: this row is damaged: {error}") from error
    except ValueError as error:
        words = str(error)
        raise ValueError(words if words.startswith(f"{name}: ") else f"{name}: {words}") from error


def _trial(data: Mapping[str, Any]) -> Trial:
    _same_keys(data, Trial, "expect")
    return Trial(**{**data, "expect": _expectations(data["expect"])})


def _bet(data: Mapping[str, Any]) -> Bet:
    _same_keys(data, Bet, "outcomes")
    outcomes = []
    for each in _listed(data["outcomes"]):
        _same_keys(each, Outcome, "expect")
        outcomes.append(Outcome(**{**each, "expect": _expectations(each["expect"])}))
    return Bet(data["question"], tuple(outcomes))


def _expectations(data: Any) -> tuple[Expectation, ...]:
    return tuple(Expectation(*each) for each in _listed(data))


def _same_keys(data: Mapping[str, Any], row: type[Any], needed: str) -> None:
    """Refuse a key that `row` does not have, and an object without the key `needed`: TypeError."""
    if not isinstance(data, Mapping):
        kind = "row" if row is Claim else row.__name__.lower()
        raise TypeError(f"a {kind} is a JSON object, got {data!r}")
    known = [each.name for each in fields(row)]
    strange = [key for key in data if key not in known]
    if strange:
        raise TypeError(f"keys are {', '.join(known)}; got {', '.join(strange)} too")
    if needed not in data:
        raise TypeError(f"{needed!r} is missing")


def _listed(data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise TypeError(f"a list was expected, got {data!r}")
    return tuple(data)
