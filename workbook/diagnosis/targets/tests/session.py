"""The pytest session of a diagnosis, from the side that asks.

Owns the command line, the reading of the answer, and the sentences where there is no test to run.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.targets.watched import last_words

_PLUGIN = "workbook.diagnosis.targets.tests.plugin"
_KEPT = 2.0  # seconds for the end of the session


def diagnosed(session: Session) -> Answer:
    """Give the answer for one test, given by its node id."""
    if importlib.util.find_spec("pytest") is None:
        raise Unusable("pytest is not installed here: python -m pip install pytest")
    name = session.call.nodes[0].name
    file = name.partition("::")[0]
    answer = asked(session, words([file]), name)
    if answer is None:
        raise Unusable(
            f"{file} has no test {name.partition('::')[2]!r}; "
            f"pytest --collect-only {file} lists them"
        )
    return answer


def words(arguments: list[str]) -> list[str]:
    """Give the command line of a session that runs in one process, and leaves no cache."""
    single = ["-n0"] if importlib.util.find_spec("xdist") else []
    plugin = ["-p", _PLUGIN, "-p", "no:cacheprovider", *single]
    return [sys.executable, "-m", "pytest", *plugin, *arguments]


def asked(session: Session, line: list[str], name: str) -> Answer | None:
    """Run a session of ours by its command line; its answer, or None where it misses the name."""
    # the clock is the system's, so the session's process reads the same
    deadline = session.deadline - session.reserve - _KEPT
    plan = {"bare": True, "node": name, "deadline": deadline}
    run = session.started([{"words": line, "plan": plan}])
    path = run.folder / "command-0" / "answer.json"
    made: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "answer" in made:
        return read(made["answer"])
    if "missing" in made:
        return None
    raise Unusable("its session gave no answer", _said(run))


def _said(run: Run) -> tuple[str, ...]:
    path = run.folder / "printed.txt"
    lines = [f"  {line}" for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return ("It said:", *lines[-8:]) if lines else last_words(run)


def read(data: dict[str, Any]) -> Answer:
    """Give an answer from plain data."""
    causes = tuple(Found(**one) for one in data.pop("causes"))
    lists: Any = {key: tuple(data.pop(key)) for key in ("tried", "notes", "curve", "labels")}
    return Answer(**data, causes=causes, **lists)
