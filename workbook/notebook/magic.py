"""`%%why`: run a cell again in forks of the kernel as it stands, and say what changes it.

Owns the magic. Nothing in the kernel changes: no name, no generator; and the cell itself is not
run. Where CUDA was used a fork cannot go on, and the magic says what to type instead.
"""

import ast
import contextlib
import io
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from IPython.core.getipython import get_ipython

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.interventions.put_back import GENERATORS
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import Plan, plan
from workbook.diagnosis.probes.generators import GENERATORS as KINDS
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.session import Unusable, difference
from workbook.diagnosis.target import Subject
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function
from workbook.lesson.answers import Report, report
from workbook.notebook.names import code, held
from workbook.notebook.session import FIXES, named

SECONDS = 60.0


def why(line: str, cell: str) -> Report:
    """Show which condition changes what this cell gives: `%%why` as its first line."""
    shell: Any = get_ipython()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        raise RuntimeError(
            "%%why runs the cell in forks of the kernel, which is not possible once CUDA was used; "
            "type in a terminal: python -m workbook diagnose NOTEBOOK.ipynb"
        )
    folder = Path(tempfile.mkdtemp(prefix="workbook-"))
    try:
        return report(_answer(shell, cell, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(shell: Any, cell: str, folder: Path) -> Answer:
    begun = frozenset(shell.user_ns)
    before = {name: code(content) for name, content in held(shell.user_ns).items()}

    def body(plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
        if kernel := getattr(shell, "kernel", None):
            kernel.session.send = lambda *args, **kwargs: None  # a fork shows nothing
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell(cell, silent=True)
        result.raise_error()
        now = held({**shell.user_ns, "the last line": result.result})
        changed = {name: value for name, value in now.items() if before.get(name) != code(value)}
        text, flags = shell.transform_cell(cell), ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        used = compile(text, "cell", "exec", flags=flags).co_names
        left = [
            name for name in used if name in begun and before.get(name) != code(now.get(name, {}))
        ]
        return dict(changed), {"left": left}

    forks = Forks(
        Subject("notebook", nodes=("the cell",)), body, folder, time.monotonic() + SECONDS
    )
    own = {name: value for name, value in shell.user_ns.items() if isinstance(value, KINDS)}
    forks.kept = own  # generators, which can be put back
    forks.paced = True  # no limit was set: a slow cell has as long as fifty first runs of it
    forks.seeded = True  # the kernel's generators are as they stand
    forks.one_thread = True  # and its pool of threads is not there in a fork
    if threading.active_count() > 8:
        forks.note("The kernel has many threads; those do not run in a fork.")
    try:
        return _found(forks)
    except (Unusable, OutOfTime) as problem:
        notes = (f"The cell could not be diagnosed: {problem}.", *forks.notes)
        return Answer("the cell", "unknown", (), tuple(forks.tried), notes, usable=False)


def _found(forks: Forks) -> Answer:
    function = Function(forks)
    search, base = function.find()
    rows = causes_of(function, search, base) if search is not None else []
    rows += _again(forks, {row.cause for row in rows})
    answer = answered(forks, rows or [none()] if search is None else rows)
    causes = tuple(
        replace(cause, where=named(cause.where), fix=FIXES.get(cause.cause, cause.fix))
        for cause in answer.causes
    )
    return replace(answer, causes=causes, notes=tuple(map(named, answer.notes)))


def _again(forks: Forks, known: set[str]) -> list[Found]:
    """Say whether the cell gives something else when it is run again where it has run."""
    twice = forks.run(plan(0, 0))
    apart = difference(twice, 0, twice, 1)
    forks.tell(f"run twice, one after the other: {apart.words}")
    if apart.same:
        return []
    drawn = forks.run(plan(0, 0, between=GENERATORS))
    if drawn.code(0) == drawn.code(1):
        cause, where = "generator-shift", ""
        evidence = "with the generators put back in between, running it again gives the same."
    else:
        cause, where = "module-state", few(drawn.data["left"])
        evidence = "run a second time, the cell gives something else, generators put back."
    shifts = cause == "generator-shift" and known & {"random-numbers", "dropout-active"}
    return [] if shifts else [Found(cause, where, evidence, apart.words)]
