"""From what the search needed to the rows of an answer, ranked and drawn.

Owns the answer for one function, and the ranking for every call.
"""

from __future__ import annotations

from workbook.diagnosis import alone
from workbook.diagnosis.answer import Answer, Found, Status
from workbook.diagnosis.asking import Session
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.functions import ALL, CALLS, Function
from workbook.diagnosis.judging import Judge
from workbook.diagnosis.places import Places, curve, traced
from workbook.diagnosis.reply import Reply
from workbook.diagnosis.search import Search
from workbook.diagnosis.values import Gap


def causes_of(function: Function, found: Search, base: Gap) -> list[Found]:
    """The needed interventions as causes: one row for each cause, state before generators."""
    rows: dict[str, Found] = {}
    places = Places(function)
    ids = [one.cause for one in found.needed]
    for one in found.needed:
        cause = places.refined(one)
        if cause == "generator-shift" and "random-numbers" in ids:
            continue  # drawing on from an unseeded generator is the same cause
        if cause == "generator-shift" and function.session.call.kind == "model":
            cause = "random-numbers"  # the module draws and seeds nothing
        size = found.without.get(one, base)
        rounding = BY_ID[cause].kind == "rounding" and Judge(function.measure, found).is_rounding(
            one
        )
        evidence = (
            f"when {one.words}, {CALLS} of {CALLS} calls and a fresh process agree bit for bit; "
            "without it they do not."
        )
        rows.setdefault(
            cause, Found(cause, places.where(one, cause), evidence, size.words, rounding)
        )
    return list(rows.values())


def diagnosed(session: Session) -> Answer:
    """The answer for one function."""
    function = Function(session)
    found, base = function.find()
    if found is None:
        extra = alone.reseeded(function) or alone.other_cpu(function)
        return answered(session, [extra] if extra else [none(base)])
    if not found.needed:
        session.note("No single condition, and not all of them together, made the results agree.")
        return answered(session, [], status="unknown")
    rows = causes_of(function, found, base)
    rows += alone.dropout_behind(function, rows)
    return answered(session, rows, function=function, base=base)


def none(base: Gap) -> Found:
    """The row for nothing found."""
    return Found(
        "none", "", "every run agreed, under every condition that was tried.", "", not base.same
    )


_RANK = {"fault": 0, "random": 1, "rounding": 2, "identical": 3, "unknown": 4}


def answered(
    session: Session,
    rows: list[Found],
    *,
    status: Status | None = None,
    function: Function | None = None,
    base: Gap | None = None,
) -> Answer:
    """The answer made of these causes: rounding last, the status that of the first."""
    ranked = sorted(rows, key=lambda one: one.status == "rounding")
    first: Status = status or (ranked[0].status if ranked else "unknown")
    target = " and ".join(one.words for one in session.call.targets)
    heights: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    mark = None
    if function is not None:
        calm = traced(session, function._plan(ALL, frozenset()))
        storm = traced(session, function._plan(ALL - function.dims, frozenset()))
        one, other = (r.trace(i) if r else None for r, i in _ends(calm, storm))
        if one is not None and other is not None:
            heights, labels, mark = curve(one, other)
    return Answer(
        target,
        first,
        tuple(ranked),
        tuple(session.tried),
        tuple(session.notes),
        heights,
        labels,
        mark,
    )


def _ends(calm: Reply | None, storm: Reply | None) -> tuple[tuple[Reply | None, int], ...]:
    """Two outcomes that differ: in another process, or else in the same one."""
    if calm is not None and storm is not None and calm.code(0) == storm.code(0):
        return (calm, 0), (calm, len(calm.outcomes) - 1)
    return (calm, 0), (storm, 0)
