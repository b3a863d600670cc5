"""Questions about one function that the search does not put: repeats, other CPUs, hidden dropout.

Owns three checks, each an intervention of its own: are numbers drawn twice because a seed is set
again, do other vector instructions change more than rounding, and is dropout active behind
unseeded numbers?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.diagnosis.answer import Found
from workbook.diagnosis.asking import STORM, Plan, difference
from workbook.diagnosis.places import parting, traced
from workbook.diagnosis.reply import Reply

if TYPE_CHECKING:
    from workbook.diagnosis.functions import Function

_ALL = frozenset(STORM)
_INITIAL = ("uniform_ ", "normal_ ")  # what layers draw their weights with
_FEW, _MANY = 16, 256  # operations of a program short enough, elements of a tensor long enough


def reseeded(function: Function) -> Found | None:
    """Whether one call draws the same numbers again and again because a seed is set in between."""
    session = function.session
    if "seed-again" not in function.words:
        return None
    calm = traced(session, function._plan(_ALL, frozenset()))
    free = traced(session, function._plan(_ALL, frozenset(), on=frozenset({"first-seed"})))
    before, after = _repeats(calm), _repeats(free)
    session.tell(f"only the first seed counts: {len(before)} repeated draws, then {len(after)}")
    lines = [line for line in before if line not in after]
    if not lines:
        return None
    evidence = (
        "one call draws the same numbers more than once on this line; when only the first seed "
        "counts, they differ."
    )
    return Found("reseeded", ", ".join(lines[:3]), evidence, "the same numbers repeat")


def _repeats(reply: Reply | None) -> list[str]:
    """Lines that drew the same two or more numbers twice in one call, initialisers aside."""
    if reply is None:
        return []
    seen: dict[tuple[str, str], int] = {}
    for generator, what, line, _, count, value in reply.outcomes[0].get("draws", ()):
        if count > 1 and line and not generator.startswith("own"):
            key = (f"{what.removeprefix('aten.').split('.')[0]} at {line}", value)
            seen[key] = seen.get(key, 0) + 1
    twice = list(dict.fromkeys(line for (line, _), times in seen.items() if times > 1))
    # the same initial weights twice are meant: two trainings are being compared
    return [] if any(line.startswith(_INITIAL) for line in twice) else twice


def other_cpu(function: Function) -> Found | None:
    """Whether vector instructions of another CPU change the result; told apart from mere rounding.

    On another CPU nearly every longer computation differs in its last bits. That is a note; it is a
    cause where a short computation on many elements shows it by itself, or where it grew.
    """
    session = function.session
    plan = function._plan(_ALL, frozenset())
    given = (*plan.given, ("capability", "default"))
    other = session.run(Plan(**{**vars(plan), "given": given}))
    gap = difference(function.calm, 0, other, 0)
    session.tell(f"a CPU without AVX2 (emulated by switches): {gap.words}")
    if gap.same or other.cannot:
        return None
    calm = traced(session, plan)
    theirs = traced(session, Plan(**{**vars(plan), "given": given}))
    part = parting(calm.trace(0) if calm else None, theirs.trace(0) if theirs else None)
    trace = calm.trace(0) if calm else None
    drawing = {row[1] for row in calm.outcomes[0].get("draws", ())} if calm else set()
    short = trace is not None and 0 < len(trace) <= _FEW
    starts = part is not None and part.first.name not in drawing
    wide = part is not None and _elements(part.first.signature) >= _MANY
    if gap.comparable and gap.relative < 1e-3 and not (short and starts and wide):
        session.note(
            "On a CPU with other vector instructions the last bits would differ (rounding)."
        )
        return None
    evidence = (
        "with ATEN_CPU_CAPABILITY=default, MKL_CBWR=COMPATIBLE and ONEDNN_MAX_CPU_ISA=SSE41 the "
        "bits change, and change back without them."
    )
    return Found(
        "cpu-capability", part.place if part else "", evidence, gap.words, gap.relative < 1e-3
    )


def _elements(signature: str) -> int:
    most = 0
    for part in signature.split("[")[1:]:
        count = 1
        for number in filter(None, part.split("]")[0].split(",")):
            count *= int(number)
        most = max(most, count)
    return most


def dropout_behind(function: Function, rows: list[Found]) -> list[Found]:
    """Dropout that is active outside training, where unseeded numbers hide it."""
    ids = {one.cause for one in rows}
    if (
        "random-numbers" not in ids
        or "dropout-active" in ids
        or "late dropout" not in function.words
    ):
        return []
    session = function.session
    still = function._plan(_ALL, frozenset())
    off = session.run(function._plan(_ALL, frozenset(), on=frozenset({"eval-dropout"})))
    gap = difference(function.calm, 0, off, 0)
    shaken = session.run(function._plan(_ALL, frozenset(), on=frozenset({"shake-dropout"})))
    moved = difference(function.calm, 0, shaken, 0)
    session.tell(f"other numbers for dropout alone: {moved.words}")
    if moved.same or gap.same or still.steps == ():
        return []
    where = ", ".join(function.calm.facts(0)["lists"].get("dropout", ())[:3])
    return [
        Found(
            "dropout-active",
            where,
            "with everything else held, other numbers for dropout change the "
            "result; in eval mode they do not.",
            moved.words,
        )
    ]
