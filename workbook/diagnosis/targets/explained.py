"""From what the search needed to the rows of an answer, placed, ranked and drawn.

Owns the judging of differences, which are computed again in float64, the places of one function's
causes, and the ranking for every target.
"""

from dataclasses import replace

import torch

from workbook.diagnosis.answer import Answer, Found, Status
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.operations import DOUBLE
from workbook.diagnosis.interventions.seeds import EARLY_SEED
from workbook.diagnosis.places import curve, drawing, few, place, seeds, unseeded
from workbook.diagnosis.plan import ALL, Plan
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import Word, judged
from workbook.diagnosis.search import Measure, Search
from workbook.diagnosis.session import Session, traced
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.pair import Pair
from workbook.trace import Trace


def word_of(measure: Measure, found: Search, row: Intervention) -> Word:
    """Say what the gap is that comes back without an intervention.

    Where the intervention itself put a wider format in place of a shorter one, it is that trial
    which removed the gap, and the shorter format bounds it.
    """
    gap = found.without[row]
    if row.format is not None:
        return judged(replace(gap, roundoff=torch.finfo(row.format).eps / 2), None)
    return judged(gap, measure(frozenset(found.needed) - {row} | {DOUBLE}), found.rest)


def wider(runs: Function | Pair, found: Search) -> list[Plan]:
    """Give the runs in float64 that judge the causes of one function, or of two."""
    rows = [row for row in found.needed if BY_ID[row.cause].kind == "rounding" and not row.format]
    needed = frozenset(found.needed) | {DOUBLE}
    return [each for row in rows for each in runs.plans(needed - {row})]


def word_of_rest(measure: Measure, found: Search) -> Word:
    """Say what the gap is that nothing removed."""
    return judged(found.rest, measure(frozenset(found.needed) | {DOUBLE}))


def _where(function: Function, row: Intervention, cause: str) -> str:
    """Give the place of a cause, in a few words; empty where it could not be told."""
    calm = function.calm
    plans = function.plan(frozenset({row})), function.once(held=ALL - {row.name})
    for run in (calm, *filter(None, map(function.session.known.get, plans))):
        for number in range(len(run.outcomes)):
            if seen := run.places(number, cause):
                late = unseeded(_traced(function)) if row is EARLY_SEED else []
                return few(seen) + (f": {few(late)}" if late else "")
    rows = calm.data["changed"]
    if names := [name for part in rows for name, kind in part if kind == row.name and name]:
        return few(list(dict.fromkeys(names)))
    if cause in ("random-numbers", "generator-shift"):
        made = [where for n in range(len(calm.outcomes)) for where in calm.places(n, row.name)]
        return drawing(_traced(function), list(dict.fromkeys(made)))
    if row.how == "on":
        return place(*function.traces())
    return _moved(function, row) if row.how == "hold" else ""


def _traced(function: Function) -> Run | None:
    return traced(function.session, function.shown())[0]


def _moved(function: Function, row: Intervention) -> str:
    """Give the place where a call parts from one for which a condition is not held."""
    unheld = replace(function.once(held=ALL - {row.name}), stop=function.stop)
    calm, other = (traced(function.session, wanted)[0] for wanted in (function.shown(), unheld))
    if other is None or calm is None:
        return ""
    pairs = ((calm.trace(n), other.trace(n)) for n in range(len(other.outcomes)))
    return next(filter(None, (place(*pair) for pair in pairs)), "")


def causes_of(function: Function, found: Search, base: Gap) -> list[Found]:
    """Give the needed interventions as causes: one row for each cause, state before generators."""
    rows: dict[str, Found] = {}
    ids = [row.cause for row in found.needed]
    runs = "its calls and a fresh process" if function.count > 1 else "fresh runs"
    for row in found.needed:
        cause = row.cause
        if cause == "generator-shift" and "random-numbers" in ids:
            continue  # drawing on from an unseeded generator is the same cause
        if cause == "generator-shift" and function.session.subject.kind == "model":
            cause = "random-numbers"  # the module draws and seeds nothing
        size = found.without.get(row, base)
        rounds = BY_ID[cause].kind == "rounding"
        word: Word = word_of(function.measure, found, row) if rounds else "identical"
        evidence = (
            f"when {row.words}, {runs} agree bit for bit; without it they do not."
            if found.rest.same
            else f"when {row.words}, the difference is smaller; without it, it comes back."
        )
        where, fix = _where(function, row, cause), row.fix_of(cause)
        fix = seeds(where) if cause == "random-numbers" else fix
        under = row.condition if row.lasts and found.rest.same else ""
        rows.setdefault(cause, Found(cause, where, evidence, size.words, word, fix, under))
    return list(rows.values())


def none() -> Found:
    """Give the row for nothing found."""
    evidence = "every run agreed, under every condition that was tried."
    return Found("none", "", evidence, "")


def answered(
    session: Session,
    rows: list[Found],
    *,
    status: Status | None = None,
    traces: tuple[Trace | None, Trace | None] = (None, None),
) -> Answer:
    """Give the answer made of these causes: rounding last, the status that of the first.

    `traces` are the two that the answer's picture shows.
    """
    ranked = sorted(rows, key=lambda cause: cause.status in ("rounding", "doubtful"))
    first: Status = status or (ranked[0].status if ranked else "unknown")
    target = session.subject.words
    drawn = curve(*traces)
    tried, notes = tuple(session.tried), tuple(session.notes)
    return Answer(target, first, tuple(ranked), tried, notes, *drawn)
