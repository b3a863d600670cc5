"""Questions about one function that the search does not put: repeats, other CPUs, hidden dropout.

Owns three checks, each an intervention of its own: are numbers drawn twice because a seed is set
again, do other vector instructions change more than rounding, and is dropout active behind
unseeded numbers?
"""

from __future__ import annotations

from dataclasses import replace

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.modules import EVAL_DROPOUT, SHAKE_DROPOUT
from workbook.diagnosis.interventions.streams import FIRST_SEED
from workbook.diagnosis.places import few, parting, seeding
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import judged
from workbook.diagnosis.session import Plan, Session, difference, doubled, traced
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function

_INITIAL = ("uniform_ ", "normal_ ")  # what layers draw their weights with
_FEW, _MANY = 16, 256  # operations of a program short enough, elements of a tensor long enough


def reseeded(function: Function) -> Found | None:
    """Whether one call draws the same numbers again and again because a seed is set in between."""
    session = function.session
    if Fact.SEEDS_AGAIN not in function.facts:
        return None
    calm, free = traced(session, function.once(), function.once(on=frozenset({FIRST_SEED.name})))
    before, after = _repeats(calm), _repeats(free)
    session.tell(f"only the first seed counts: {len(before)} repeated draws, then {len(after)}")
    lines = [line for line in before if line not in after]
    if not lines or calm is None:
        return None
    evidence = (
        f"one call draws the same numbers more than once ({few(lines)}) because a seed is set in "
        "between; when only the first seed counts, they differ."
    )
    return Found("reseeded", seeding(calm), evidence, "the same numbers repeat")


def _repeats(result: Run | None) -> list[str]:
    """Lines that drew the same two or more numbers twice in one call.

    What is drawn after a seed that begins with the weights of a model is left aside: an experiment
    that is made twice on purpose, say to compare two learning rates, repeats its noise, too.
    """
    if result is None:
        return []
    seen: dict[tuple[str, str], int] = {}
    begins, meant = True, False
    for generator, what, line, _, count, value in result.outcomes[0].get("draws", ()):
        if not count:
            begins, meant = True, False
            continue
        name = f"{what.removeprefix('aten.').split('.')[0]} at {line}"
        if count > 1 and line and not generator.startswith("own"):
            meant = name.startswith(_INITIAL) if begins else meant
            begins = False
            if not meant:
                seen[name, value] = seen.get((name, value), 0) + 1
    return list(dict.fromkeys(line for (line, _), times in seen.items() if times > 1))


def other_cpu(function: Function) -> Found | None:
    """Whether vector instructions of another CPU change the result; told apart from mere rounding.

    On another CPU nearly every longer computation differs in its last bits. That is a note; it is a
    cause where a short computation on many elements shows it by itself, or where it grew.
    """
    session = function.session
    plan = function.once()
    given = (*plan.given, ("capability", "default"))
    there = replace(plan, given=given)
    gap = difference(function.calm, 0, session.run(there), 0)
    session.tell(f"a CPU without AVX2 (emulated by switches): {gap.words}")
    if gap.same or not gap.comparable:
        return None
    calm, theirs = traced(session, plan, there)
    part = parting(calm.trace(0) if calm else None, theirs.trace(0) if theirs else None)
    trace = calm.trace(0) if calm else None
    drawing = {row[1] for row in calm.outcomes[0].get("draws", ())} if calm else set()
    short = trace is not None and 0 < len(trace) <= _FEW
    # numbers that are drawn round, too; drawn otherwise, they are other inputs in float64 as well
    same_inputs = part is not None and part.kind == "operation"
    starts = same_inputs and part is not None and part.first.name not in drawing
    word = judged(gap, _doubled(session, plan, there) if starts else None)
    many = part is not None and _elements(part.first.signature) >= _MANY
    if word != "other" and not (short and starts and many):
        session.note(
            "On a CPU with other vector instructions the last bits would differ (rounding)."
            if word == "rounding"
            else f"On a CPU with other vector instructions the result would be {gap.words}."
        )
        return None
    evidence = (
        "with ATEN_CPU_CAPABILITY=default, MKL_CBWR=COMPATIBLE and ONEDNN_MAX_CPU_ISA=SSE41 the "
        "bits change, and change back without them."
    )
    return Found(
        "cpu-capability", part.place if part else "", evidence, gap.words, word == "rounding"
    )


def _doubled(session: Session, here: Plan, there: Plan) -> Gap:
    """The difference of two runs, both in float64."""
    one, other = session.both(doubled(here), doubled(there))
    return difference(one, 0, other, 0)


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
        or Fact.LATE_DROPOUT not in function.facts
    ):
        return []
    session = function.session
    names = (EVAL_DROPOUT.name, SHAKE_DROPOUT.name)
    off, shaken = session.both(*(function.once(on=frozenset({name})) for name in names))
    gap = difference(function.calm, 0, off, 0)
    moved = difference(function.calm, 0, shaken, 0)
    session.tell(f"other numbers for dropout alone: {moved.words}")
    if moved.same or gap.same:
        return []
    where = few(function.calm.places(0, "dropout-active"))
    return [
        Found(
            "dropout-active",
            where,
            "with everything else held, other numbers for dropout change the "
            "result; in eval mode they do not.",
            moved.words,
        )
    ]


def diagnosed(session: Session) -> Answer:
    """The answer for one function."""
    function = Function(session)
    found, base = function.find()
    if found is None:
        extra = reseeded(function) or other_cpu(function)
        return answered(session, [extra] if extra else [none(base)])
    if not found.needed:
        session.note("No single condition, and not all of them together, made the results agree.")
        session.unexplained()
        return answered(session, [], status="unknown")
    rows = causes_of(function, found, base)
    rows += dropout_behind(function, rows)
    return answered(session, rows, function=function, base=base)
