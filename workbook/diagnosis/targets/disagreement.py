"""Two functions that should agree: which condition explains it, and where do they part?

Owns the order of the questions, the last resorts (what calls leave behind in arguments and
modules, what differs by chance), and the rows of the answer. Where two agree by themselves, the
question is what the first leaves behind for the second.
"""

from collections.abc import Callable

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.interventions.arguments import TOLD, acted_on
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.places import drawn_apart, few, parting, place, seeding
from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import Word, alike, equal_but_for_rounding, much_smaller
from workbook.diagnosis.search import Active, Search, search
from workbook.diagnosis.session import Session, traced
from workbook.diagnosis.targets.contrasts import operations, ranges, shortened, traced_facts
from workbook.diagnosis.targets.explained import answered, causes_of, wider, word_of, word_of_rest
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.pair import Pair
from workbook.trace import Trace


def diagnosed(session: Session) -> Answer:
    """Give the answer for two functions."""
    pair = Pair(session)
    pair.ahead_of_all()
    base = pair.measure(frozenset())
    session.tell(
        f"each in a process of its own, generators, clock, hashes and files differing: {base.words}"
    )
    if base.same and not pair.together:
        return one_after_the_other(pair)
    return explained(pair)


def one_after_the_other(pair: Pair) -> Answer:
    """Give the answer where the two agree by themselves."""
    session = pair.session
    base = pair.after(frozenset())
    session.tell(f"the second after the first, in one process: {base.words}")
    if base.same:
        return answered(session, [Found("none", "", "the two agree in every bit.", "")])
    both = session.run(plan(0, 1, trained=tuple(pair.trained)))
    facts = both.changes(0) | both.used(0)
    candidates = [row for row in ROWS if row.applies(Axis.AFTER, facts)]
    found = search(pair.after, candidates, base)
    rows = []
    for row in found.needed:
        changed = [n for n, kind in both.data["changed"][0] if kind == row.name and n]
        evidence = f"when {row.words} between the two, the second gives what it gives by itself."
        size = found.without[row].words
        rows.append(Found(row.cause, few(changed), evidence, size, fix=row.fix))
    return answered(session, merged(rows))


def explained(pair: Pair) -> Answer:
    """Give the answer for two programs that do not agree by themselves."""
    session = pair.session
    base = pair.measure(frozenset())
    session.progress.began(base, lambda: _first_traces(*pair.traces(frozenset(HOLDS))))
    pair.watch()
    ours, theirs = pair.traces(frozenset(HOLDS))
    pair.choose_weights(frozenset(HOLDS))
    facts = pair.known | traced_facts(ours, theirs) | ranges(*pair.calm)
    made = operations(ours, theirs)
    candidates = [row for row in ROWS if row.applies(Axis.PAIR, facts) and row.acts_on(made)]
    cheap = (row for row in candidates if not row.costly and not row.renumbers)
    candidates += pair.choose_weights(frozenset(cheap))
    session.progress.suspects = tuple(candidates)
    first = _likely(ours, theirs)
    found = search(pair.measure, candidates, base, session.report, first, pair.early, pair.ahead)
    for row in found.needed if not any(pair.factors) else ():
        # unequal parts of a batch look like rows that depend on one another
        if weighed := pair.choose_weights(frozenset(found.needed) - {row}):
            candidates = [*(each for each in candidates if each is not row), *weighed]
            found = search(pair.measure, candidates, base, session.report)
            break
    found = _left_behind(pair, candidates, found, base)
    needed, beside = frozenset(found.needed), wider(pair, found)
    if pair.chancy and needed and found.rest.same and not pair.holds(needed, beside):
        words = " and ".join(row.words for row in found.needed)
        session.tell(f"when {words}: they do not always agree, so that was chance")
        found = Search((), base, {})
    rows = [_row(pair, found, row, facts) for row in found.needed]
    left = _rest(pair, found)
    if not rows and all(row.cause == "none" for row in left):
        left = _by_chance(session) or left
    rows = merged(rows + left)
    if not rows:
        session.unexplained()
    traces = _first_traces(ours, theirs)
    return answered(session, rows, traces=traces)


def merged(rows: list[Found]) -> list[Found]:
    """One row for each cause, the first of its kind; parts of a batch have other sizes."""
    kept: dict[str, Found] = {}
    for row in rows:
        kept.setdefault(row.cause, row)
    if "gradient-accumulation" in kept:
        kept.pop("batch-size", None)
    return list(kept.values())


def _likely(ours: Run | None, theirs: Run | None) -> Callable[[Intervention], bool]:
    """Which interventions can explain where two traced runs part.

    How numbers are computed does not change which numbers are drawn; and where the first difference
    is no draw, nothing that changes draws made it.
    """
    ours_traced, theirs_traced = _first_traces(ours, theirs)
    part = parting(ours_traced, theirs_traced)
    if ours is None or part is None or part.kind != "operation":
        return lambda row: True
    draws = {row[1] for row in ours.outcomes[0].get("draws", ()) if row[4]}
    return lambda row: row.draws is (part.first.name in draws)


def _first_traces(ours: Run | None, theirs: Run | None) -> tuple[Trace | None, Trace | None]:
    return (ours.trace(0) if ours else None), (theirs.trace(0) if theirs else None)


def _row(pair: Pair, found: Search, row: Intervention, facts: set[Fact]) -> Found:
    """One needed intervention as a cause."""
    gap, rest = found.without[row], found.rest
    cause, more = row.cause_where(facts)
    may_round = BY_ID[cause].kind == "rounding" or row.costly or cause == "batch-coupling"
    word: Word = word_of(pair.measure, found, row) if may_round else "identical"
    shrinks = word in ("rounding", "doubtful")
    if cause == "batch-coupling" and shrinks:
        cause, more = "batch-size", " In float64 that shrinks with the format."
    elif cause == "batch-size" and not shrinks:
        cause, more = "batch-coupling", " Float64 does not remove that, so it is no rounding."
    first, second = pair.traces((frozenset(found.needed) | frozenset(HOLDS)) - {row})
    others = len(found.needed) - 1
    this = "this one" if others else "that"
    tail = f"they agree; without {this} they do not."
    if not rest.same:  # how large it is, a note says
        tail = f"the difference is smaller; without {this} it comes back."
    if others:
        which = "the other cause is" if others == 1 else f"the {others} other causes are"
        tail = f"and {which} taken away, too, {tail}"
    evidence = f"when {row.words} in both functions{', ' if not others else ' '}{tail}{more}"
    where = _where(pair, row, cause, first, second)
    return Found(cause, where, evidence, gap.words, word, row.fix_of(cause))


def _where(pair: Pair, row: Intervention, cause: str, first: Run | None, second: Run | None) -> str:
    seen = dict.fromkeys(
        where for key in (row.name, cause) for i in (0, 1) for where in pair.places(i, key)
    )
    if row.looks:
        seen |= dict.fromkeys(pair.seen(cause, row.looks))
    if seen:
        return few(list(seen))
    if cause == "reseeded" and (lines := list(filter(None, map(seeding, (first, second))))):
        return few(list(dict.fromkeys(lines)))
    if cause in ("random-numbers", "generator-shift", "reseeded"):
        return drawn_apart(first, second)
    return place(*_first_traces(first, second))


# What calling a function alone can show that also explains why two functions differ.
_CHANCE = frozenset(
    ("thread-race", "nondeterministic-op", "cudnn-algorithm", "hash-seed", "file-order",
     "wall-clock", "random-numbers", "uninitialised-memory")
)  # fmt: skip


def _left_behind(pair: Pair, candidates: list[Intervention], found: Search, base: Gap) -> Search:
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


def _by_chance(session: Session) -> list[Found]:
    """Why one of the two gives something else each time, although everything is held."""
    rows: list[Found] = []
    for index in (0, 1):
        function = Function(session, index)
        found, base = function.find()
        rows += causes_of(function, found, base) if found is not None else []
    return [row for row in rows if row.cause in _CHANCE]


def _rest(pair: Pair, found: Search) -> list[Found]:
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
