"""Judging an answer: passed, failed, raised or not attempted, and why.

Owns the order of the questions and the words of the outcome. Whatever the reader's code does, the
next cell works: it runs in a thread with a time limit, and every switch and random state is put
back. Only a call of compiled code that never returns cannot be ended, and then the outcome says so.
"""

import os
import traceback
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from types import CodeType
from typing import Any

import torch

from workbook.conditions import randomness, switches
from workbook.question.deadline import TookTooLong, within
from workbook.question.missed import alike, handed, missed, solved
from workbook.question.rows import Exercise, Outcome
from workbook.question.watched import Unfit, Untouched, Watched

NOT_ATTEMPTED = Outcome(
    "not attempted", "Replace every `...` with your answer, run that cell, then run this one again."
)

UNCHANGED = Outcome("not attempted", "Change the program, run that cell, then run this one again.")


def judge(exercise: Exercise, answer: object) -> Outcome:
    """Say what the exercise's check says of an answer, a value or something to call.

    Runs with seed 0. TypeError if the check itself gives neither True, False nor a sentence.
    """
    if _holds_stub(answer) or _is_stub(exercise, _code(answer)):
        return NOT_ATTEMPTED if "..." in exercise.stub else UNCHANGED
    grad = torch.is_grad_enabled()
    with ExitStack() as stack:
        # Not Conditions: they belong to one thread at a time, and the answer may enter them.
        # torch keeps the number of threads once for each thread and once for new ones. A change
        # that another thread made does not show in this one, so it is written back unasked.
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        switches.keep(stack)
        randomness.seed(0)
        given = handed(exercise, answer)
        try:
            outcome = within(exercise.seconds, lambda: _examine(exercise, answer, given, grad))
        except TookTooLong as late:
            return Outcome("failed", _overrun(late, answer))
        if outcome.status == "failed":
            with suppress(Exception, TookTooLong):  # a call that the solution cannot take
                tried = within(exercise.seconds, lambda: missed(exercise, given))
                outcome = replace(outcome, tried=tried)
        return outcome


def _examine(exercise: Exercise, answer: Any, given: Any, grad: bool) -> Outcome:
    with torch.set_grad_enabled(grad):
        outcome = _checked(exercise, answer, given)
        if outcome.status not in ("failed", "raised"):
            return outcome
        plain = exercise.form.plain(answer)
        for wrong in exercise.wrong:
            with suppress(Exception):  # not the answer that this row foresees
                known = wrong.recognizes
                if known(plain) if known else _is(exercise, wrong.source, given, outcome):
                    return Outcome("failed", wrong.message)
        return outcome


def _is(exercise: Exercise, source: str, given: Any, outcome: Outcome) -> bool:
    """Say whether this code is judged as the given answer was, and gave the same."""
    randomness.seed(0)
    foreseen = solved(exercise, source)
    watched = handed(exercise, foreseen)
    return _checked(exercise, foreseen, watched) == outcome and alike(given, watched)


def _checked(exercise: Exercise, answer: Any, given: Any) -> Outcome:
    misfit = exercise.form.misfit(exercise.form.plain(answer))
    if misfit:
        return Outcome("failed", misfit)
    try:
        judgment: object = exercise.check(given)
    except Untouched:
        return NOT_ATTEMPTED
    except Unfit as unfit:
        return Outcome("failed", str(unfit))
    except (Exception, SystemExit) as error:  # the reader's code may raise anything
        return _raised(error, answer)
    drew = isinstance(given, Watched) and given.drew
    note = " (Your code drew random numbers or set a seed. That was undone again.)" if drew else ""
    if judgment is True:
        return Outcome("passed", f"{exercise.because or 'That is right.'}{note}")
    if judgment is not False and not isinstance(judgment, str):
        raise TypeError(
            f"the check of {exercise.name} must return True, False or a sentence, got {judgment!r}"
        )
    return Outcome("failed", f"{judgment or 'That is not the answer yet.'}{note}")


def _raised(error: BaseException, answer: Any) -> Outcome:
    what = f"`{type(error).__name__}`"
    words = str(error).strip().split("\n")[0]
    told = f": {words}" if words else "."
    frames = list(traceback.walk_tb(error.__traceback__))
    codes = [frame.f_code for frame, _ in frames]
    if "does not require grad" in str(error) and codes[-1] is not _code(answer):
        return Outcome(
            "failed",
            "No gradient flows through your answer to what it was given: is there a `detach`, a "
            "`no_grad`, an `.item()` or a `.tolist()` in it?",
        )
    if Watched.__call__.__code__ not in codes:
        return Outcome("failed", f"Your answer could not be checked. The check met {what}{told}")
    code = _code(answer)
    if isinstance(error, NotImplementedError) and codes[-1] is code:
        return NOT_ATTEMPTED
    place = _place(traceback.extract_tb(error.__traceback__), code)
    return Outcome("raised", f"Your code raised {what}{place}{told}")


def _overrun(late: TookTooLong, answer: object) -> str:
    place = _place(late.stack, _code(answer))
    limit = "1 second" if late.seconds == 1 else f"{late.seconds:g} seconds"
    told = f"Your code was still running after {limit}{place}."
    if late.stopped:
        return f"{told} It was stopped. Does a loop never end?"
    return (
        f"{told} It could not be stopped, because it waits inside one call that Python cannot "
        "interrupt. If later cells are slow, restart the kernel."
    )


def _place(frames: Iterable[traceback.FrameSummary], code: CodeType | None) -> str:
    """Name the place in the reader's code, as ` at line 2, `return x``; empty if not known."""
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    if not own or own[-1].filename.startswith(os.path.dirname(torch.__file__)):
        return ""
    line = (own[-1].line or "").strip()
    return f" at line {own[-1].lineno}" + (f", `{line}`" if line else "")


def _code(answer: Any) -> CodeType | None:
    """Give the bytecode that a call of the answer runs, where it is Python."""
    if isinstance(answer, torch.nn.Module):
        answer = type(answer).forward
    answer = getattr(answer, "func", answer)  # functools.partial
    code = getattr(answer, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _holds_stub(answer: object) -> bool:
    if isinstance(answer, dict):
        answer = list(answer.values())
    parts = answer if isinstance(answer, (list, tuple)) else [answer]
    return any(part is ... for part in parts)


def _is_stub(exercise: Exercise, code: CodeType | None) -> bool:
    """Say whether the reader's function does what the stub's function of that name does."""
    if code is None:
        return False
    stub = compile(exercise.stub, "<stub>", "exec")
    return any(
        inner.co_name == code.co_name and _fingerprint(inner) == _fingerprint(code)
        for inner in _inside(stub)
    )


def _inside(code: CodeType) -> list[CodeType]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return inner + [deeper for each in inner for deeper in _inside(each)]


def _fingerprint(code: CodeType) -> tuple[object, ...]:
    consts = tuple(
        _fingerprint(const) if isinstance(const, CodeType) else repr(const)
        for const in code.co_consts
    )
    return code.co_code, code.co_names, code.co_varnames, consts
