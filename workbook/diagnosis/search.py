"""The search: which interventions, and no others, make two runs agree.

Owns the trials and the elimination. Each intervention that can matter is tried by itself first,
which is cheap and answers most. Where none suffices, all are on, and they are taken off again, the
general ones first, by halves (ddmin: Zeller, Hildebrandt, IEEE Trans. Softw. Eng. 28, 2002), and
stay off where the runs still agree without them. What remains is a set of which every member is
needed: taking it off brings the difference back, putting it on again removes it. Two causes at once
leave two members.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.rounding import alike, equal_but_for_rounding, much_smaller

Active = frozenset[Intervention]
Measure = Callable[[Active], Gap]
Report = Callable[[Intervention, Gap], None]


@dataclass(frozen=True)
class Search:
    """What is needed, the gap with everything on, and the gap without each needed one."""

    needed: tuple[Intervention, ...]
    rest: Gap
    without: dict[Intervention, Gap]


def names(active: Iterable[Intervention], how: str) -> frozenset[str]:
    """Give the names of the active interventions of one kind."""
    return frozenset(row.name for row in active if row.how == how)


def search(
    measure: Measure,
    candidates: Iterable[Intervention],
    base: Gap,
    report: Report = lambda row, gap: None,
    likely: Callable[[Intervention], bool] = lambda row: True,
    early: Callable[[Active], bool] = lambda active: False,
    ahead: Callable[[Iterable[Active]], None] = lambda trials: None,
) -> Search:
    """Give the interventions that are needed to make the gap go (or shrink to what cannot go).

    `report` is told what each intervention does by itself, as soon as that is known. Those that
    are `likely` are tried first; where one of them suffices, of the others only what is more
    specific. `early` says, cheaper than a measure, that a difference is still there; where it does
    not, the measure is asked. `ahead` is told what will be measured next unless something is found
    before, in this order.
    """
    candidates = tuple(candidates)
    ordered = sorted(set(candidates), key=lambda row: row.rank)

    trials: dict[Intervention, Gap] = {}

    def sooner(active: Active) -> Gap:
        return base if early(active) else measure(active)

    def told(row: Intervention, gap: Gap) -> None:
        trials[row] = gap
        report(row, gap)

    for some in ([row for row in ordered if likely(row)], ordered):
        last = max((row.rank for row in some), default=0)
        finer = [row for row in ordered if row.rank < last and row not in some]  # asked then, too
        ahead(frozenset({row}) for row in (*some, *finer) if not row.costly)
        if alone := _alone(sooner, some, base, told):
            first = min(row.rank for row in alone)
            finer = [row for row in ordered if row.rank < first and not (row.costly or row in some)]
            ahead(frozenset({row}) for row in finer)
            alone = _alone(sooner, finer, base, told) or alone
            ahead(())
            closer = _closer(alone, trials, base)
            if closer is not None:
                return Search((closer,), trials[closer], {closer: base})
            needed = tuple(row for row in ordered if row in alone)
            gaps = [measure(alone - {row}) if len(alone) > 1 else base for row in needed]
            return Search(needed, Gap(True), dict(zip(needed, gaps, strict=True)))
    ahead(())
    active, rest = _start(measure, ordered, base)
    if not much_smaller(rest, base):
        return Search((), rest, {})
    ordered = [row for row in ordered if row in active]
    active, without = _needed(measure, ordered, active, rest)
    needed = tuple(row for row in ordered if row in active)
    if drawn := [without[row] for row in needed if row.renumbers]:
        # other numbers, another gap: it may be smaller by chance, and so may its rounding
        plain = search(measure, [row for row in ordered if not row.renumbers], base)
        rounds = equal_but_for_rounding(rest) and not any(map(equal_but_for_rounding, drawn))
        if not rounds or equal_but_for_rounding(plain.rest):
            return plain
    if not rest.same and any(row.format is not None for row in needed):
        # a wider format takes most of any rounding away: it explains where nothing is left
        return search(measure, [row for row in candidates if row.format is None], base)
    return Search(needed, rest, {row: without[row] for row in needed})


def _alone(measure: Measure, ordered: list[Intervention], base: Gap, report: Report) -> Active:
    """Give the most specific intervention that makes the two agree by itself, in every bit.

    One that is held and one that is put back between calls count as one where they have one name:
    both are about the same thing. The cheap ones are tried first; a costly one only if it comes
    before one that suffices, or last. Empty where none suffices.
    """

    def suffices(row: Intervention) -> Active:
        gap = measure(frozenset({row}))
        report(row, gap)
        both = frozenset(each for each in ordered if each.name == row.name)
        if gap.same or len(both) == 1 or row.rank < max(each.rank for each in both):
            return frozenset({row}) if gap.same else frozenset()
        return both if measure(both).same else frozenset()

    cheap, before = frozenset[Intervention](), ordered
    for number, row in enumerate(ordered):
        if not row.costly and (cheap := suffices(row)):
            before = ordered[:number]
            break
    if cheap and not equal_but_for_rounding(base):
        return cheap  # how the numbers are computed is not what makes so large a difference
    return next((active for row in before if row.costly and (active := suffices(row))), cheap)


def _closer(alone: Active, trials: dict[Intervention, Gap], base: Gap) -> Intervention | None:
    """Give a more specific one that leaves rounding and nothing else of a difference that is none.

    It explains the difference; that a general one removes the rounding, too, explains no more.
    """
    if equal_but_for_rounding(base):
        return None
    first = min(row.rank for row in alone)
    fits = (row for row, gap in trials.items() if not row.renumbers and equal_but_for_rounding(gap))
    return min((row for row in fits if row.rank < first), key=lambda row: row.rank, default=None)


def _needed(
    measure: Measure, ordered: list[Intervention], active: Active, rest: Gap
) -> tuple[Active, dict[Intervention, Gap]]:
    """Give the active ones that are needed, and the gap without each of them."""

    def less(active: Active, some: Sequence[Intervention]) -> Active:
        """Say what is active without those of some, taken off together or else by halves."""
        if alike(measure(active - set(some)), rest):
            return active - set(some)
        if len(some) == 1:
            return active
        half = len(some) // 2
        return less(less(active, some[:half]), some[half:])

    general = list(reversed(ordered))
    active = less(active, general)
    without: dict[Intervention, Gap] = {}
    for row in [row for row in general if row in active]:  # what undid another may be off by now
        trial = measure(active - {row})
        if alike(trial, rest):
            active -= {row}
        else:
            without[row] = trial
    return active, {row: without[row] for row in without if row in active}


def _start(measure: Measure, ordered: list[Intervention], base: Gap) -> tuple[Active, Gap]:
    """Give the interventions to begin with: all of them, unless some of them undo what others do.

    Then all that do not break the program, all but those that give draws other numbers, all but one
    of two rivals. Where the holds change the difference, each of the rest with them; and where all
    together cannot be compared, all but one.
    """
    everything = frozenset(ordered)
    rest = measure(everything)
    if not rest.comparable and len(everything) > 1:
        for row in ordered:
            if not measure(frozenset({row})).comparable and base.comparable:
                everything -= {row}
        rest = measure(everything)
    if much_smaller(rest, base):
        return everything, rest
    calm = frozenset(row for row in ordered if row.how == "hold")
    others = [row for row in ordered if row in everything - calm]
    kept = everything - {row for row in others if row.renumbers}
    trials = [kept, *(kept - {row} for row in others if row.rivals)]
    if measure(calm) != base:
        trials += [calm | {row} for row in sorted(others, key=lambda row: row.costly)]
    if not rest.comparable:
        trials += [everything - {row} for row in others]
    best = everything
    for trial in dict.fromkeys(trials):
        gap = measure(trial)
        if gap.same:
            return trial, gap
        if gap.comparable and (not rest.comparable or gap.relative < rest.relative):
            best, rest = trial, gap
    return best, rest
