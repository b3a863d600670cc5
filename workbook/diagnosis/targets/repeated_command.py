"""A command line: why does running it again give something else?

Owns the order of the questions. First it runs twice as the user runs it, only watched; then under
conditions that are held, as a function does, and stopped where the two runs parted.
"""

from dataclasses import replace

from workbook.diagnosis.answer import Answer
from workbook.diagnosis.plan import Plan, plan
from workbook.diagnosis.probes import steps
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.search import Search
from workbook.diagnosis.session import Session
from workbook.diagnosis.targets import ranks
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.watched import Watched, usable

_PATIENCE, _FURTHER = 10.0, 6.0  # seconds of a run that is only watched, and its growth


def diagnosed(session: Session) -> Answer:
    """Give the answer for one command line."""
    watched = _twice(session)
    for sentence in watched.sentences():
        session.note(sentence)
    if not watched.ours.data.get("torch"):
        same = not watched.lines and not watched.files
        return answered(session, [none()] if same else [])
    if len(ranks.of(watched.ours)) > 1 and (answer := ranks.diagnosed(session, watched.ours)):
        return answer
    far = watched.theirs.data["stopped"] or session.steps  # later runs go no further than these
    session.try_forks(plan(0, stop=far))
    command = Function(session, stop=watched.step or far)
    if watched.step:
        command.whole = Function(session, stop=far)
    found, base = command.find()
    if found is None and watched.same:
        return answered(session, [none()])
    if found is None or not found.needed:
        session.note("No single condition, and not all of them together, made the results agree.")
        for sentence in watched.reordered():
            session.note(sentence)
        session.unexplained()
        return answered(session, [])
    if watched.step and found.rest.same and not command.chancy:
        command, found = _in_whole_runs(command, found, watched.step)
    return answered(session, causes_of(command, found, base))


def _in_whole_runs(command: Function, found: Search, step: int) -> tuple[Function, Search]:
    """See that what was found in runs to a step explains the whole program, or search there."""
    session, whole = command.session, command.whole
    if 3 * session.longest > session.left():
        session.note(f"Compared up to step {step}: there was no time for whole runs.")
        return command, found
    whole.dims = command.dims
    gap = whole.measure(frozenset(found.needed))
    session.tell(f"the same in whole runs: {gap.words}")
    if gap.same:
        return command, found
    session.note(f"After step {step} they part again ({gap.words}): whole runs were searched, too.")
    every, _ = whole.find()
    if every is not None and every.needed and every.rest.same:
        return whole, every
    session.note("Nothing explains whole runs: mend this, and diagnose once more.")
    return command, found


def _twice(session: Session) -> Watched:
    """Run the command twice as it was typed, only watched; a long one goes further step by step."""
    patience = 0.0 if session.steps else _PATIENCE
    while True:
        typed = Plan((0,), (), stop=session.steps)
        session.patience = patience
        first = usable(session, session.run(typed, again=True))
        stop, session.patience = first.data["stopped"], 0.0  # the second goes as far, however long
        typed, calm = replace(typed, stop=stop, repeat=1), plan(0, stop=stop, fresh=True)
        if first.data["forkable"] and not first.data["ports"]:
            session.ahead(typed, calm)
        second = usable(session, session.run(typed, again=True))
        watched = Watched(first, second)
        how = f", up to step {stop}" if stop else ""
        session.tell(f"twice as it was typed{how}: {watched.words}")
        if not watched.same or not stop or stop == session.steps:
            return closer(session, watched)
        patience *= _FURTHER
        if 2 * patience > session.left():
            session.note(f"Both runs agree up to step {stop}; further steps were not compared.")
            return watched


def closer(session: Session, watched: Watched) -> Watched:
    """Go to where two runs part once more, if steps before it were read in part only."""
    step = watched.step
    if not any(steps.skipped(series, step) for series in watched.series):
        return watched
    again = [Plan((0,), (), stop=step, repeat=number) for number in (2, 3)]
    try:
        ours, theirs = (session.run(each, again=True) for each in again)
    except OutOfTime:
        return watched
    return replace(watched, closer=Watched(ours, theirs))
