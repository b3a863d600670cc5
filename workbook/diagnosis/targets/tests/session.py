"""The pytest session of a diagnosis, from the side that asks.

Owns the command line, the reading of the answer, and the sentences where there is no test to run.
"""

import contextlib
import functools
import importlib.util
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.places import few
from workbook.diagnosis.process.run import said
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.targets.tests import hashes

_PLUGIN = "workbook.diagnosis.targets.tests.plugin"
_NO_TESTS = ("node_modules", "build", "dist", "__pycache__")
_KEPT = 2.0  # seconds for the end of the session


def diagnosed(session: Session) -> Answer:
    """Give the answer for one test, given by its node id."""
    if importlib.util.find_spec("pytest") is None:
        raise Unusable("pytest is not installed here: python -m pip install pytest")
    name = session.subject.nodes[0]
    file = name.partition("::")[0]
    mine = words([file])
    if not _other_files(Path(file)):
        answer = asked(session, mine, name, order="file")
    elif (
        (answer := asked(session, mine, name, order="file first"))
        and answer.usable
        and not answer.causes  # the tests of one file leave the question open
    ):
        answer = _among_others(session, mine, name, answer)
    if answer is None:
        raise Unusable(
            f"{file} has no test {name.partition('::')[2]!r}; "
            f"pytest --collect-only {file} lists them"
        )
    if answer.hashed and not [cause for cause in answer.causes if cause.cause != "none"]:
        return hashes.explained(session, functools.partial(_outcomes, session, mine, name), answer)
    return answer


def _outcomes(
    session: Session, line: list[str], name: str, *variables: dict[str, str]
) -> list[str]:
    """Run the test once in a session for each of the variables, all else held; the outcomes."""
    plan = {"bare": True, "node": name, "deadline": session.deadline, "order": "once",
            "paced": False}  # fmt: skip
    runs = session.started({"words": line, "plan": plan}, session.left(), *variables)
    paths = [run.folder / "command-0" / "answer.json" for run in runs]
    data = [json.loads(path.read_text()) if path.exists() else {} for path in paths]
    return [str(each.get("outcome", "no end")) for each in data]


def _other_files(file: Path) -> bool:
    """Say whether more files of tests lie here, by the names that pytest looks for."""
    for folder, inner, names in os.walk("."):
        inner[:] = [n for n in inner if not n.startswith(".") and n not in _NO_TESTS]
        inner[:] = [n for n in inner if not Path(folder, n, "pyvenv.cfg").exists()]
        paths = (Path(folder, n) for n in names if re.fullmatch(r"test_.*\.py|.*_test\.py", n))
        if any(path.resolve() != file.resolve() for path in paths):
            return True
    return False


def _among_others(session: Session, mine: list[str], name: str, first: Answer) -> Answer | None:
    """Ask again where all that pytest runs here is known; without that, of the file by itself."""
    every = words(["--continue-on-collection-errors"])
    with contextlib.suppress(Unusable):
        if (answer := asked(session, every, name, order="project")) and answer.usable:
            return answer if answer.causes or not first.notes else first
    return first if first.notes else asked(session, mine, name, order="file")


def words(arguments: list[str]) -> list[str]:
    """Give the command line of a session that runs in one process, and leaves no cache."""
    # its plugin by name, too: PYTEST_DISABLE_PLUGIN_AUTOLOAD may keep it out
    single = ["-p", "xdist", "-n0"] if importlib.util.find_spec("xdist") else []
    plugin = ["-p", _PLUGIN, "-p", "no:cacheprovider", *single]
    return [sys.executable, "-m", "pytest", *plugin, *arguments]


def asked(session: Session, line: list[str], name: str, *, order: str = "") -> Answer | None:
    """Run a session of ours by its command line; its answer, or None where it misses the name.

    Where nobody set a limit, that of tests follows from their first run: they keep it themselves.
    """
    paced = session.paced and bool(order)
    # the clock is the system's, so the session's process reads the same
    deadline = session.deadline - session.reserve - _KEPT
    plan = {"bare": True, "node": name, "deadline": deadline, "order": order,
            "paced": paced}  # fmt: skip
    left = math.inf if paced else session.left()
    run = next(session.started({"words": line, "plan": plan}, left))
    path = run.folder / "command-0" / "answer.json"
    made: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "answer" in made:
        return read(made["answer"])
    if made.get("missing"):
        raise Unusable(f"{name} is several tests; name one of them: {few(made['missing'])}")
    if "missing" in made:
        return None
    raise Unusable("its session gave no answer", said(run.folder, "printed.txt", "warned.txt"))


def read(data: dict[str, Any]) -> Answer:
    """Give an answer from plain data."""
    causes = tuple(Found(**cause) for cause in data.pop("causes"))
    lists: Any = {key: tuple(data.pop(key)) for key in ("tried", "notes", "curve", "labels")}
    return Answer(**data, causes=causes, **lists)
