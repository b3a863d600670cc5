"""Two functions that should agree: which condition explains it, and where do they part?

Owns the order of the questions, and the rows of the answer. Where two agree by themselves, the
question is what the first leaves behind for the second.
"""

from collections.abc import Callable

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.places import drawn_apart, few, parting, place, seeding
from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import Word
from workbook.diagnosis.search import Search, search
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets.contrasts import ranges, traced_facts
from workbook.diagnosis.targets.explained import answered, word_of
from workbook.diagnosis.targets.last_resorts import by_chance, left_behind, rest
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
    candidates = [row for row in ROWS if row.applies(Axis.PAIR, facts)]
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
    found = left_behind(pair, candidates, found, base)
    if pair.chancy and found.needed and found.rest.same and not pair.holds(frozenset(found.needed)):
        words = " and ".join(row.words for row in found.needed)
        session.tell(f"when {words}: they do not always agree, so that was chance")
        found = Search((), base, {})
    rows = [_row(pair, found, row, facts) for row in found.needed]
    left = rest(pair, found)
    if not rows and all(row.cause == "none" for row in left):
        left = by_chance(session) or left
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
