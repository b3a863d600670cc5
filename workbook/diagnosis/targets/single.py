"""Questions about one function that the search does not put: repeats, other CPUs, hidden dropout.

Owns three checks, each an intervention of its own: are numbers drawn twice because a seed is set
again, do other vector instructions change more than rounding, and is dropout active behind
unseeded numbers?
"""

from dataclasses import replace

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.modules import EVAL_DROPOUT, SHAKE_DROPOUT
from workbook.diagnosis.interventions.numerics import OTHER_CPU
from workbook.diagnosis.interventions.streams import FIRST_SEED
from workbook.diagnosis.places import few, seeding
from workbook.diagnosis.plan import LONG, doubled
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import judged
from workbook.diagnosis.session import Session, difference, traced
from workbook.diagnosis.targets.explained import answered, causes_of, none, wider
from workbook.diagnosis.targets.function import Function

_INITIAL = ("uniform_ ", "normal_ ")  # what layers draw their weights with


def reseeded(function: Function) -> Found | None:
    """Whether one call draws the same numbers again and again because a seed is set in between.

    Where each seed begins with the weights of a model, all of it may be meant: an experiment that
    is made twice, say to compare two learning rates, repeats its noise, too. That is a note.
    """
    session = function.session
    if Fact.SEEDS_AGAIN not in function.facts:
        return None
    calm, free = traced(session, function.once(), function.once(on=frozenset({FIRST_SEED.name})))
    (before, meant), (after, _) = _repeats(calm), _repeats(free)
    session.tell(f"only the first seed counts: {len(before)} repeated draws, then {len(after)}")
    lines = [line for line in before if line not in after]
    if calm is not None and meant and not lines:
        session.note(
            f"Numbers repeat within a call ({few(meant)}), as the weights do, because of "
            f"{seeding(calm)}. If a run is made again on purpose, that is right; if the weights "
            "alone should repeat, seed before them and draw the rest from a generator of its own."
        )
    if not lines or calm is None:
        return None
    evidence = (
        f"one call draws the same numbers more than once ({few(lines)}) because a seed is set in "
        "between; when only the first seed counts, they differ."
    )
    return Found("reseeded", seeding(calm), evidence, "the same numbers repeat")


def _repeats(result: Run | None) -> tuple[list[str], list[str]]:
    """Lines that drew the same two or more numbers twice in one call.

    The second list has those, but for weights, that follow a seed which begins with weights.
    """
    seen: dict[tuple[str, str, bool], int] = {}
    begins, weights = True, False
    for generator, what, line, _, count, value in result.outcomes[0]["draws"] if result else ():
        if not count:
            begins, weights = True, False
            continue
        name = f"{what.removeprefix('aten.').split('.')[0]} at {line}"
        if count > 1 and line and not generator.startswith("own"):
            initial = name.startswith(_INITIAL)
            weights, begins = (initial if begins else weights), False
            if not (weights and initial):
                key = name, value, weights
                seen[key] = seen.get(key, 0) + 1
    twice = [(line, meant) for (line, _, meant), times in seen.items() if times > 1]
    return tuple(  # type: ignore[return-value]
        list(dict.fromkeys(line for line, meant in twice if meant is wanted))
        for wanted in (False, True)
    )


def other_cpu(function: Function) -> None:
    """Note what the vector instructions of another CPU would change.

    It explains no difference, as every run on this machine agreed.
    """
    session = function.session
    plan = function.once()
    there = replace(plan, on=plan.on | {OTHER_CPU.name})
    gap = difference(function.calm, 0, session.run(there), 0)
    session.tell(f"a CPU without AVX2 (emulated by switches): {gap.words}")
    if gap.same or not gap.comparable:
        return
    wide = None
    if session.longest < LONG:
        ours, theirs = session.both(doubled(plan), doubled(there))
        wide = difference(ours, 0, theirs, 0)
    rounds = judged(gap, wide) == "rounding"
    result = "last bits would differ (rounding)" if rounds else f"result would be {gap.words}"
    session.note(
        f"Every run here agreed; on a CPU with other vector instructions the {result}. To see it: "
        "set ATEN_CPU_CAPABILITY=default before torch is loaded."
    )


def dropout_behind(function: Function, rows: list[Found]) -> list[Found]:
    """Dropout that is active outside training, where unseeded numbers hide it."""
    drawn = {cause.cause for cause in rows} & {"random-numbers", "dropout-active"}
    if drawn != {"random-numbers"} or Fact.LATE_DROPOUT not in function.facts:
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
    evidence = (
        "with everything else held, other numbers for dropout change the result; in eval mode they "
        "do not."
    )
    return [Found("dropout-active", where, evidence, moved.words)]


def diagnosed(session: Session) -> Answer:
    """Give the answer for one function."""
    function = Function(session)
    traces = [replace(each, trace=True) for each in function.told_apart()]
    function.judging = lambda found: [*traces, *wider(function, found)]
    found, base = function.find()
    if found is None:
        extra = reseeded(function)
        if extra is None:
            other_cpu(function)
        return answered(session, [extra or none()])
    if not found.needed:
        session.note("No single condition, and not all of them together, made the results agree.")
        session.unexplained()
        return answered(session, [])
    session.ahead(*function.judging(found))
    rows = causes_of(function, found, base)
    rows += dropout_behind(function, rows)
    return answered(session, rows, traces=function.traces())
