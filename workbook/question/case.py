"""A case to solve: a program that gives two results, suspects, and trials that separate them.

Owns the rows and the one rule of differential diagnosis: a trial that takes the difference away
rules out every suspect whose difference would have stayed, and the other way round. Runs nothing.
"""

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass
from itertools import chain, combinations


@dataclass(frozen=True)
class Suspect:
    """One possible cause: the diagnosis' name for it, what it would be here, and why it is not.

    `not_it` is what a reader is told who names it wrongly and has no trial left; empty for the
    culprit.
    """

    cause: str
    words: str
    not_it: str = ""


@dataclass(frozen=True)
class Trial:
    """One intervention as code, and the suspects whose difference it would take away.

    In one process the code leaves `first` and `second`. With `processes=2` it runs in two, started
    with different hash seeds unless `same_hash` is set, and each leaves `result`.
    Code for a device that few machines have is shown and not run: `recorded()` looks up in a
    recording how large the difference was.

    >>> Trial("compute in float64", "MODEL.double()", {"rounding"}).processes
    1
    """

    title: str
    code: str
    removes: Set[str] = frozenset()
    processes: int = 1
    same_hash: bool = False
    recorded: Callable[[], float | bool] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "removes", frozenset(self.removes))  # so that trials can be keys


@dataclass(frozen=True, kw_only=True)
class Case:
    """A program that misbehaves, what can be tried with it, and how many trials are allowed.

    `targets` are the functions that a diagnosis is asked about; where there are none, none is
    made. `symptom` is the code that shows the difference. `lesson` is said when the case is solved.
    The story of a recorded case says on which hardware and with which torch it was recorded.
    ValueError where the culprit is not among the suspects, a trial speaks of somebody else, or the
    trials cannot single it out.
    """

    name: str
    title: str
    story: str
    file: str
    program: str
    symptom: Trial
    suspects: tuple[Suspect, ...]
    trials: tuple[Trial, ...]
    budget: int
    culprit: str
    lesson: str
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = {suspect.cause for suspect in self.suspects}
        for trial in self.trials:
            if unknown := trial.removes - known:
                raise ValueError(f"{trial.title!r} must name suspects, got {sorted(unknown)}")
        if self.culprit not in known:
            raise ValueError(f"the culprit must be a suspect, got {self.culprit!r}")
        truth = {n: self.culprit in trial.removes for n, trial in enumerate(self.trials)}
        if len(standing(self, truth)) != 1:
            raise ValueError(f"all trials together must leave one suspect of {self.name}")


def standing(case: Case, went: Mapping[int, bool]) -> tuple[str, ...]:
    """List the suspects that outcomes leave: trial by number, True where the difference went."""
    return tuple(
        suspect.cause
        for suspect in case.suspects
        if all((suspect.cause in case.trials[n].removes) == gone for n, gone in went.items())
    )


def further(case: Case, ran: Collection[int] = ()) -> tuple[int, ...]:
    """Give the fewest trials that, with those that ran, leave the culprit only; the first if many.

    Trials are numbered from 0. Nothing is run: what a trial shows follows from the culprit.
    """
    rest = [n for n in range(len(case.trials)) if n not in ran]
    sets = chain.from_iterable(combinations(rest, size) for size in range(len(rest) + 1))
    return next(
        chosen
        for chosen in sets
        if len(standing(case, {n: case.culprit in case.trials[n].removes
                               for n in (*ran, *chosen)})) == 1
    )  # fmt: skip
