"""A diagnosis from beginning to end.

Owns `diagnose`: the deadline, the processes, and what is answered when the
code cannot be run or does not end.
"""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbook.diagnosis.answer import Answer
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.target import NoTarget, Subject, subject
from workbook.diagnosis.targets import (
    disagreement,
    in_process,
    module,
    notebook,
    repeated_command,
    single,
    two_commands,
)
from workbook.diagnosis.targets.tests import session as tests

_COMPILES = re.compile(r"\btorch\s*\.\s*compile\b|(?<!\bre)\.compile\(|import compile\b")


def diagnose(
    *targets: str | Callable[[], Any],
    model: bool = False,
    program: Sequence[str] = (),
    against: str = "",
    resume: str = "",
    steps: int = 0,
    timeout: float | None = None,
    workers: Workers | None = None,
    watch: Callable[[str], None] = lambda text: None,
) -> Answer:
    """Which condition changes the result of a function, or explains why two functions disagree.

    One target (`FILE.py:FUNCTION`): why does calling it again give something else? Two: where do
    they part, and why? With `model=True` the one target builds `(module, tuple_of_inputs)`: which
    conditions change the module's output? `timeout` is in seconds, for everything together;
    without one it is two minutes (ten for a command line), or 50 times the first run if that is
    more. The code runs in child processes only; `workers` lets several diagnoses share them.
    `watch` is told what has been tried, as soon as it is known.

    `program` are the words of a command line instead (`("python", "train.py")`): why does running
    it again give something else? With `against`, another command line that should agree; with
    `resume`, the one that goes on after the first was stopped. `steps` ends each run after so
    many steps of its training.

    A target may also be a callable of this process: a function of a file is found there by a new
    process; a lambda, a method or a function of a notebook runs in forks of this one.

    Raises ValueError for a target that names no function in a file, and for a timeout of 0 or less.
    Code that cannot be run or compared is an answer: status "unknown", `usable` False.
    """
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be more than 0 seconds, got {timeout}")
    texts = [each if isinstance(each, str) else in_process.text_of(each) or "" for each in targets]
    if len(targets) == 1 and not texts[0] and not isinstance(targets[0], str):
        return in_process.diagnosed(targets[0], timeout, watch)
    try:
        wanted = subject(*texts, model=model, program=program, against=against, resume=resume)
    except ValueError as error:
        raise NoTarget(*error.args) from None
    if workers is not None:
        return answered(wanted, workers, timeout, watch, steps)
    with Workers() as own:
        return answered(wanted, own, timeout, watch, steps)


def answered(
    wanted: Subject,
    workers: Workers,
    timeout: float | None = None,
    watch: Callable[[str], None] = lambda text: None,
    steps: int = 0,
) -> Answer:
    """Give the answer to what is wanted, as `diagnose` does, by these processes."""
    limit = timeout or wanted.timeout
    load = needed(wanted)
    for hash_seed in wanted.hash_seeds:
        workers.warm(hash_seed, load)
    session = Session(workers, wanted, time.monotonic() + limit, load=load, watch=watch)
    session.steps, session.paced = steps, timeout is None
    session.allow(limit)
    target = wanted.words
    find = {
        "function": single.diagnosed,
        "pair": disagreement.diagnosed,
        "model": module.diagnosed,
        "command": repeated_command.diagnosed,
        "against": two_commands.diagnosed,
        "resume": two_commands.resumed,
        "test": tests.diagnosed,
        "notebook": notebook.diagnosed,
    }
    try:
        return find[wanted.kind](session)
    except Unusable as problem:
        notes = (f"{target} could not be diagnosed: {problem}.", *problem.traceback, *session.notes)
        return Answer(target, "unknown", (), tuple(session.tried), notes, usable=False)
    except OutOfTime as problem:
        limit = round(session.deadline - session.begun, 1)
        first = f"{target} was not diagnosed to the end: {problem} (--timeout {limit:g})."
        session.unexplained()
    except KeyboardInterrupt:
        first = f"{target}: interrupted; this is what was known by then."
        session.unexplained(runs=False)
    known = session.progress.base is not None
    notes = (first, *session.notes)
    return Answer(target, "unknown", (), tuple(session.tried), notes, usable=known)


def needed(wanted: Subject) -> frozenset[str]:
    """List the modules that the interpreters load before they fork, as loading takes seconds."""
    text = "".join(Path(target.path).read_text(errors="replace") for target in wanted.targets)
    if _COMPILES.search(text):
        return frozenset({"torch._dynamo", "torch._inductor.compile_fx"})
    return frozenset({"torch._dynamo"}) if "utils.checkpoint" in text else frozenset()
