"""Two functions, where the ordinary interventions leave a difference: what else can explain it?

Owns the last resorts (what calls leave behind in arguments and modules), what differs by chance,
and the words for what remains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.diagnosis.answer import Found
from workbook.diagnosis.interventions.arguments import TOLD, acted_on
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.rounding import alike, equal_but_for_rounding, much_smaller
from workbook.diagnosis.search import Active, Search, search
from workbook.diagnosis.session import Session, traced
from workbook.diagnosis.targets.contrasts import shortened
from workbook.diagnosis.targets.explained import causes_of, word_of_rest
from workbook.diagnosis.targets.function import Function

if TYPE_CHECKING:
    from workbook.diagnosis.targets.pair import Pair

# What calling a function alone can show that also explains why two functions differ.
_CHANCE = frozenset(
    ("thread-race", "nondeterministic-op", "cudnn-algorithm", "hash-seed", "file-order",
     "wall-clock", "random-numbers", "uninitialised-memory")
)  # fmt: skip


def left_behind(pair: Pair, candidates: list[Intervention], found: Search, base: Gap) -> Search:
    """Search again with what calls leave behind put back, where that explains more.

    Putting it back may break a program that means to keep it, so it is not tried before. A cure
    changes nothing in a healthy program: one of the two results must be what it was.
    """
    if found.rest.same or (found.needed and word_of_rest(pair.measure, found) == "rounding"):
        return found
    looks = (plan(i, on=frozenset({row.name for row in TOLD})) for i in (0, 1))
    ours, theirs = (acted_on(run.facts(0)) for run in pair.session.both(*looks))
    # the helpers of one, or else of both
    pair.helpers = {row: ours[row] ^ theirs[row] or ours[row] for row in TOLD}
    last = [row for row in ROWS if Fact.UNEXPLAINED in row.facts]
    last = [row for row in last if pair.helpers.get(row, True)]
    held = frozenset(row for row in candidates if row.how == "hold")
    for some in (*(frozenset({row}) for row in last), frozenset(last)):
        words = " and ".join(row.words for row in last if row in some)
        pair.session.tell(f"{words}: tried, in both functions")
        near = held | set(found.needed)
        weighed = pair.choose_weights(near | some)  # a larger difference hid which weights fit
        candidates, near = [*candidates, *weighed], near | set(weighed)
        for others in (near, frozenset(candidates)):
            left = pair.measure(others | some)
            if much_smaller(left, base) and pair.spares(others, some):
                again = _with(pair, some, candidates)
                least = (again.without[row] for row in again.needed if row in some)
                if equal_but_for_rounding(again.rest) and all(
                    much_smaller(again.rest, gap) for gap in least
                ):
                    return again
                break
    return found


def _with(pair: Pair, active: Active, candidates: list[Intervention]) -> Search:
    """Search what else is needed beside these interventions, and whether all of them are."""
    left = pair.measure(active)
    more = Search((), left, {})
    if not left.same:
        more = search(lambda others: pair.measure(others | active), candidates, left)
    needed = frozenset(more.needed) | active
    for row in sorted(active, key=lambda row: -row.rank):
        if len(active) > 1 and alike(pair.measure(needed - {row}), more.rest):
            needed -= {row}
    without = {row: pair.measure(needed - {row}) for row in needed}
    return Search(tuple(sorted(needed, key=lambda row: row.rank)), more.rest, without)


def by_chance(session: Session) -> list[Found]:
    """Why one of the two gives something else each time, although everything is held."""
    rows: list[Found] = []
    for index in (0, 1):
        function = Function(session, index)
        found, base = function.find()
        rows += causes_of(function, found, base) if found is not None else []
    return [row for row in rows if row.cause in _CHANCE]


def rest(pair: Pair, found: Search) -> list[Found]:
    """Say what no intervention removed: rounding by another order of operations, or unknown."""
    if found.rest.same:
        return []
    word = word_of_rest(pair.measure, found)
    rounds = word in ("rounding", "doubtful")
    micro = [f["counts"].get("backward", 0) for f in (pair.facts(0), pair.facts(1))]
    goes = "goes" if word == "rounding" else "shrinks, though less than rounding is likely to"
    if rounds and micro[0] != micro[1] and min(micro):
        evidence = f"in float64 the difference {goes}; one side adds its gradients in parts."
        return [Found("gradient-accumulation", "", evidence, found.rest.words, word)]
    if rounds and not found.needed:
        sides = traced(pair.session, *pair.plans(frozenset(HOLDS)))
        short = [shortened(side) for side in sides]
        for ours, theirs in (short, short[::-1]):
            if ours and not theirs:
                evidence = f"in float64 it {goes}, and one side alone computes in {ours[0]}."
                return [Found("reduced-precision", ours[1], evidence, found.rest.words, word)]
        evidence = (
            f"no condition removes it, and in float64 it {goes}: the two round at other places, "
            "as sums in another order do."
        )
        return [Found("none", "", evidence, found.rest.words, word)]
    if rounds:
        pair.session.note(f"What remains after that is {word} ({found.rest.words}).")
    elif found.needed:
        pair.session.note(f"A part of the difference is not explained ({found.rest.words}).")
    return []
