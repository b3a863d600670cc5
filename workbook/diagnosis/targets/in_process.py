"""A callable of this process: a function by its file, anything else in forks of the process.

Owns the choice, and the sentences where a fork is not possible.
"""

import inspect
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook.devices import presence
from workbook.diagnosis.answer import Answer
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.session import Unusable
from workbook.diagnosis.target import Subject
from workbook.diagnosis.targets import single


def text_of(function: Callable[[], Any]) -> str | None:
    """`FILE.py:NAME` of a function that a new process can import; None for any other callable."""
    name = getattr(function, "__qualname__", "")
    module = sys.modules.get(getattr(function, "__module__", "") or "")
    file = getattr(module, "__file__", None)
    found = inspect.isfunction(function) and name.isidentifier() and file is not None
    if not found or not str(file).endswith(".py") or getattr(module, name, None) is not function:
        return None
    return f"{os.path.realpath(str(file))}:{name}"


def diagnosed(
    function: Callable[[], Any], timeout: float | None, watch: Callable[[str], None]
) -> Answer:
    """Give the answer for what lives in this process: a lambda, a closure, a bound method."""
    if not hasattr(os, "fork") or presence.started() is not None:
        raise ValueError(
            "a callable of this process runs in forks of it, which is not possible on Windows and "
            "after a GPU was used; write it as a function in a file: diagnose('FILE.py:FUNCTION')"
        )
    name = getattr(function, "__qualname__", None) or repr(function)
    subject = Subject("function", nodes=(name,))

    def body(plan: Plan) -> tuple[Any, dict[str, Any]]:
        made = function()
        if made is None:
            raise TypeError(f"{name} returns nothing; return what should be compared")
        return made, {}

    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        limit = timeout or subject.timeout
        forks = Forks(subject, body, Path(folder), time.monotonic() + limit)
        forks.paced = timeout is None
        forks.watch, forks.seeded, forks.one_thread = watch, True, True
        module = sys.modules.get(getattr(function, "__module__", "") or "")
        forks.modules = [module] if module is not None else []
        forks.kept = {"self": getattr(function, "__self__", None), name: function}
        try:
            return single.diagnosed(forks)
        except (Unusable, OutOfTime) as problem:
            notes = (f"{name} could not be diagnosed: {problem}.", *forks.notes)
            return Answer(name, "unknown", (), tuple(forks.tried), notes, usable=False)
