"""The rows of the ledger: claims in our words, what we say of each, and what decides it.

Owns reading and checking `claims.json`. A row is settled next door; nothing here measures.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VERDICTS = ("true", "true only if", "misleading", "false", "cannot be tested here")
PLACES = ("cpu", "cuda", "directml", "nowhere")
FILE = Path(__file__).parent / "claims.json"

RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is not": operator.ne,
    "above": operator.gt,
    "below": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
}


@dataclass(frozen=True)
class Expectation:
    """One thing that must be so in the result: `value` stands in `relation` to `stated`.

    `value` is a name in the finding's values (`a/b` goes into a nested one), or `verdict`, the
    sentence, or `comparison 0`, the word of that comparison.
    """

    value: str
    relation: str
    stated: Any

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            known = ", ".join(RELATIONS)
            raise ValueError(f"a relation is one of {known}; got {self.relation!r}")

    def __str__(self) -> str:
        return f"{self.value} {self.relation} {self.stated}"


@dataclass(frozen=True)
class Claim:
    """One claim, and the one-factor experiment that decides it.

    `claim` is the statement put to the test, in our words. `verdict` is what we say of it and
    `because` why, or under which condition it holds. `where` names the device that can decide it;
    `nowhere` marks a claim that no experiment of this workbook can. `answers` are the numbers of
    the articles' statements (C001 to C151) that this row settles.
    """

    id: str
    chapter: str
    claim: str
    verdict: str
    because: str
    answers: tuple[str, ...]
    where: str = "cpu"
    experiment: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}; got {self.verdict!r}")
        if self.where not in PLACES:
            raise ValueError(f"where is one of {', '.join(PLACES)}; got {self.where!r}")
        if (self.where == "nowhere") != (self.verdict == "cannot be tested here"):
            raise ValueError(f"{self.id}: what is decided nowhere cannot be tested, and only that")
        if self.where != "nowhere" and not (self.experiment and self.expect):
            raise ValueError(f"{self.id}: a row that can be decided names its experiment")


@cache
def claims() -> tuple[Claim, ...]:
    """Every row, in the file's order; ValueError names a damaged one."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(_claim(row) for row in rows)


def claim_of(name: str) -> Claim:
    """The row of that id; ValueError says how ids look."""
    for row in claims():
        if row.id == name:
            return row
    known = ", ".join(row.id for row in claims()[:3])
    raise ValueError(f"a claim has an id such as {known}; got {name!r}")


def _claim(row: Mapping[str, Any]) -> Claim:
    try:
        expect = tuple(Expectation(*each) for each in row.get("expect", ()))
        return Claim(**{**row, "expect": expect, "answers": tuple(row["answers"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"this row is no claim: {error!r} in {row!r}") from error
