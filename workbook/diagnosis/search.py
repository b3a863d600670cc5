"""The search: which interventions, and no others, make two runs agree.

Owns the elimination. All interventions that can matter are on at first; each is taken off again,
the general ones first, and stays off where the runs still agree without it. What remains is a set
of which every member is needed: taking it off brings the difference back, putting it on again
removes it. Two causes at once leave two members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbook.diagnosis.interventions import BETWEEN, HOLDS, ON, Intervention
from workbook.diagnosis.values import Gap

Active = frozenset[Intervention]
Measure = Callable[[Active], Gap]
# Specific interventions first; holding an ambient condition explains more than putting back state,
# because what it holds was the only thing that differed.
_LAST = 1 + next(i for i, one in enumerate(ON) if one.name == "eval-norm")
_PUT, _DRAWN, _FORK = BETWEEN[:-2], BETWEEN[-2], BETWEEN[-1]
ORDER = (*ON[:_LAST], *HOLDS[:-1], *_PUT, *ON[_LAST:], _DRAWN, HOLDS[-1], _FORK)
_LEVEL = 4.0  # a gap within this factor of the smallest reached counts as removed


@dataclass(frozen=True)
class Search:
    """What is needed, the gap with everything on, and the gap without each needed one."""

    needed: tuple[Intervention, ...]
    rest: Gap
    without: dict[Intervention, Gap]


def names(active: Iterable[Intervention], how: str) -> frozenset[str]:
    """The names of the active interventions of one kind."""
    return frozenset(one.name for one in active if one.how == how)


def applicable(words: set[str]) -> tuple[Intervention, ...]:
    """The interventions that can matter for a run that showed these words, specific first."""
    return tuple(one for one in ORDER if not one.needs or words & set(one.needs))


def holds() -> tuple[Intervention, ...]:
    """Every intervention that keeps an ambient condition the same."""
    return HOLDS


def search(measure: Measure, candidates: Iterable[Intervention], base: Gap) -> Search:
    """The interventions that are needed to make the gap go (or shrink to what cannot go)."""
    chosen = set(candidates)
    active, rest = _start(measure, [one for one in ORDER if one in chosen], base)
    if not _smaller(rest, base):
        return Search((), rest, {})
    ordered = [one for one in ORDER if one in active]
    without: dict[Intervention, Gap] = {}
    for one in (*reversed(ordered), *reversed(ordered)):  # what undid another may be off by now
        if one in active:
            trial = measure(active - {one})
            if _reached(trial, rest):
                active -= {one}
            else:
                without[one] = trial
    fewer = _one_for_all(measure, ordered, active, rest)
    fewer = fewer or _one_for_two(measure, ordered, active, rest)
    if fewer is not None:
        active = fewer
        without = {one: measure(active - {one}) for one in active}
    needed = tuple(one for one in ordered if one in active)
    return Search(needed, rest, {one: without[one] for one in needed})


def _one_for_all(
    measure: Measure, ordered: list[Intervention], active: Active, rest: Gap
) -> Active | None:
    """One in place of all, if one suffices that is more specific than the most general of them.

    Taking off in order can leave others: where some undid what others did while both were on.
    """
    if active and rest.same:
        for one in ordered[: max(ordered.index(each) for each in active)]:
            if active != {one} and measure(frozenset({one})).same:
                return frozenset({one})
    return None


def _one_for_two(
    measure: Measure, ordered: list[Intervention], active: Active, rest: Gap
) -> Active | None:
    """The needed ones with one in place of two that both speak of generators, if one suffices."""
    streams = {one for one in active if one.cause in _STREAMS and one.how == "on"}
    if len(streams) > 1:
        for one in ordered:
            fewer = active - streams | {one}
            if one.cause in _STREAMS and one.how == "on" and _reached(measure(fewer), rest):
                return fewer
    return None


_STREAMS = ("checkpoint-incomplete", "reseeded", "generator-shift", "worker-generator")


def _start(measure: Measure, ordered: list[Intervention], base: Gap) -> tuple[Active, Gap]:
    """The interventions to begin with: all of them, unless some of them undo what others do.

    Then all that do not break the program, all but those that give draws other numbers, all but
    one, and each with nothing but the holds.
    """
    everything = frozenset(ordered)
    rest = measure(everything)
    if not rest.comparable and len(everything) > 1:
        for one in ordered:
            if not measure(frozenset({one})).comparable and base.comparable:
                everything -= {one}
        rest = measure(everything)
    if _smaller(rest, base):
        return everything, rest
    calm = frozenset(one for one in ordered if one.how == "hold")
    others = [one for one in ordered if one in everything - calm]
    kept = everything - {one for one in others if one.name in _RENUMBERING}
    trials = [kept, *(kept - {one} for one in others if one.name in _RIVALS)]
    trials += [everything - {one} for one in others] + [calm | {one} for one in others]
    best = everything
    for trial in dict.fromkeys(trials):
        gap = measure(trial)
        if gap.same:
            return trial, gap
        if gap.comparable and (not rest.comparable or gap.relative < rest.relative):
            best, rest = trial, gap
    return best, rest


_RENUMBERING = ("keyed", "keyed-seeds", "one-seed")  # they give draws other numbers
_RIVALS = ("first-seed", "local-seeds", "sorted-sets", "filled-sets")  # of two, one acts


def _smaller(rest: Gap, base: Gap) -> bool:
    if rest.same:
        return True
    if not rest.comparable:
        return False
    return not base.comparable or rest.relative < base.relative / 16


def _reached(trial: Gap, rest: Gap) -> bool:
    if rest.same:
        return trial.same
    return trial.same or (trial.comparable and trial.relative <= rest.relative * _LEVEL)
