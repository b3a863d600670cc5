"""The rows of the ledger: claims in our words, what we say of each, and what decides it.

Owns what a row must have, and the relations in which a measured value may stand to a stated one.
Reading the file is done in `files`, settling in `settling`; nothing here measures.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

VERDICTS = ("true", "true only if", "misleading", "false", "cannot be tested here")
UNTESTED = "cannot be tested here"
PLACES = ("cpu", "cuda", "directml", "nowhere")
ARTICLES = tuple(f"C{number:03d}" for number in range(1, 152))
DOCUMENTS = tuple(f"S{number:02d}" for number in range(1, 94))
STATEMENTS = ARTICLES + DOCUMENTS

_RANGES = " or ".join(f"{each[0]} to {each[-1]}" for each in (ARTICLES, DOCUMENTS))

RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is not": operator.ne,
    "above": operator.gt,
    "below": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
    "contains": operator.contains,
    "lacks": lambda came, stated: stated not in came,
}


@dataclass(frozen=True)
class Expectation:
    """One thing that must be so in the result: `value` stands in `relation` to `stated`.

    `value` is a name in the finding's values (`a/b` goes into a nested one, `a/0` into a sequence),
    or `verdict`, the sentence, or `comparison 0`, the word of that comparison.
    """

    value: str
    relation: str
    stated: Any

    def __post_init__(self) -> None:
        if not isinstance(self.value, str) or self.relation not in RELATIONS:
            known = ", ".join(RELATIONS)
            raise ValueError(
                f"an expectation is a value's name, a relation ({known}) and what is stated; "
                f"got {self.value!r}, {self.relation!r}"
            )

    def __str__(self) -> str:
        return f"{self.value} {self.relation} {self.stated}"


@dataclass(frozen=True)
class Trial:
    """One run of an experiment, and what must come out.

    `settings` replace the experiment's opening values.
    """

    experiment: str
    expect: tuple[Expectation, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.experiment or not self.expect:
            raise ValueError(
                f"a trial names its experiment and expects something of it, "
                f"got {self.experiment!r} with {len(self.expect)} expectations"
            )


@dataclass(frozen=True)
class Outcome:
    """One way in which a trial may come out: in words, as expectations, and what follows from it.

    `verdict` is what has to be said of the claim if every expectation holds.
    """

    text: str
    expect: tuple[Expectation, ...]
    verdict: str

    def __post_init__(self) -> None:
        if not self.expect or self.verdict not in VERDICTS[:-1]:
            known = ", ".join(VERDICTS[:-1])
            raise ValueError(
                f"an outcome has expectations and one of the verdicts {known}; "
                f"got {len(self.expect)} and {self.verdict!r}"
            )


@dataclass(frozen=True)
class Bet:
    """What a reader is asked about a claim: what will its first trial show?

    One of the `outcomes` holds, and the verdict on the claim is the one that follows from it.
    """

    question: str
    outcomes: tuple[Outcome, ...]

    def __post_init__(self) -> None:
        if len(self.outcomes) < 2 or not self.question.endswith("?"):
            raise ValueError(
                f"a bet is a question with two outcomes or more, "
                f"got {self.question!r} with {len(self.outcomes)}"
            )


@dataclass(frozen=True)
class Claim:
    """One claim, and the trials that decide it.

    `claim` is the statement put to the test, in our words. `verdict` is what we say of it and
    `because` why, or under which condition it holds. `where` names the device that can decide it;
    `nowhere` marks a claim that no experiment of this workbook can. Claims about DirectML cannot be
    tested here: their trials expect what its makers document, for readers who have it. `answers`
    are the numbers of the statements that this row settles: of the articles (C001 to C151) and of
    PyTorch's own documents (S01 to S93). `bet` is what a reader is asked, if the claim stands in a
    chapter. ValueError for a damaged row.
    """

    id: str
    chapter: str
    claim: str
    verdict: str
    because: str
    answers: tuple[str, ...]
    where: str = "cpu"
    trials: tuple[Trial, ...] = ()
    bet: Bet | None = None

    def __post_init__(self) -> None:
        for rule, kept in self._rules():
            if not kept:
                raise ValueError(f"{self.id}: {rule}")

    def _rules(self) -> tuple[tuple[str, bool], ...]:
        """Give each rule as a sentence, and whether this row keeps it."""
        strange = ", ".join(str(n) for n in self.answers if n not in STATEMENTS)
        here = self.where in ("cpu", "cuda")
        places, verdicts = ", ".join(PLACES), ", ".join(VERDICTS)
        two_digits = bool(re.fullmatch(r"\d\d", str(self.chapter)))
        return (
            (f"where is one of {places}; got {self.where!r}", self.where in PLACES),
            (f"a verdict is one of {verdicts}; got {self.verdict!r}", self.verdict in VERDICTS),
            (
                f"the verdict is {UNTESTED!r} where neither a CPU nor CUDA decides, and only there",
                here != (self.verdict == UNTESTED),
            ),
            (
                "a row has trials, unless it is decided nowhere",
                (self.where == "nowhere") != bool(self.trials),
            ),
            (f"a chapter is two digits; got {self.chapter!r}", two_digits),
            (f"answers are {_RANGES}; got {strange}", not strange),
            ("a bet needs a trial", self.bet is None or bool(self.trials)),
            (f"a claim is a sentence; got {self.claim!r}", str(self.claim).endswith(".")),
            (f"a reason is a sentence; got {self.because!r}", str(self.because).endswith(".")),
        )
