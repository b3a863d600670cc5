"""A command line: why does running it again give something else?

Owns the order of the questions. First it runs twice as the user runs it, only watched; then under
conditions that are held, as a function does, and stopped where the two runs parted.
"""

from __future__ import annotations

from workbook.diagnosis.answer import Answer
from workbook.diagnosis.session import Plan, Session
from workbook.diagnosis.targets import ranks
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.watched import Watched, usable


def diagnosed(session: Session) -> Answer:
    """Give the answer for one command line."""
    plan = Plan((0,), (), stop=session.steps)
    watched = Watched(*(usable(session, session.run(plan, again=again)) for again in (False, True)))
    session.tell(f"twice as it was typed: {watched.words}")
    for sentence in watched.sentences():
        session.note(sentence)
    if len(ranks.of(watched.ours)) > 1 and (answer := ranks.diagnosed(session, watched.ours)):
        return answer
    command = Function(session, stop=watched.step or session.steps)
    found, base = command.find()
    if found is None:
        return answered(session, [none(base)])
    if not found.needed:
        session.note("No single condition, and not all of them together, made the results agree.")
        session.unexplained()
        return answered(session, [], status="unknown")
    return answered(session, causes_of(command, found, base), function=command, base=base)
