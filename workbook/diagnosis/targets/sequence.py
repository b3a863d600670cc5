"""The second of two functions after the first: what does the first leave behind?

Owns that question, and the merging of rows of one cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.intervention import Axis
from workbook.diagnosis.interventions.rows import ROWS
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import plan
from workbook.diagnosis.search import search
from workbook.diagnosis.targets.explained import answered

if TYPE_CHECKING:
    from workbook.diagnosis.targets.pair import Pair


def merged(rows: list[Found]) -> list[Found]:
    """One row for each cause, the first of its kind; parts of a batch have other sizes."""
    kept: dict[str, Found] = {}
    for row in rows:
        kept.setdefault(row.cause, row)
    if "gradient-accumulation" in kept:
        kept.pop("batch-size", None)
    return list(kept.values())


def one_after_the_other(pair: Pair) -> Answer:
    """Give the answer where the two agree by themselves."""
    session = pair.session
    base = pair.after(frozenset())
    session.tell(f"the second after the first, in one process: {base.words}")
    if base.same:
        return answered(session, [Found("none", "", "the two agree in every bit.", "")])
    both = session.run(plan(0, 1, trained=tuple(pair.trained)))
    facts = both.changes(0) | both.used(0)
    candidates = [one for one in ROWS if one.applies(Axis.AFTER, facts)]
    found = search(pair.after, candidates, base)
    rows = []
    for one in found.needed:
        changed = [n for n, kind in both.data["changed"][0] if kind == one.name and n]
        evidence = f"when {one.words} between the two, the second gives what it gives by itself."
        size = found.without[one].words
        rows.append(Found(one.cause, few(changed), evidence, size, fix=one.fix))
    return answered(session, merged(rows), status=None if rows else "unknown")
