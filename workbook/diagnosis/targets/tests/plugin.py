"""The pytest plugin of a diagnosis: one session is collected, and every trial is a fork of it.

Owns pytest's hooks. `pytest -p workbook.diagnosis.targets.tests.plugin NODE` in a process that has
WORKBOOK_RUN: that folder holds `plan.json` and takes `answer.json`.
"""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workbook.conditions.switches import SWITCHES, readings
from workbook.diagnosis.answer import Answer
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.interventions import surroundings
from workbook.diagnosis.interventions.source import facts
from workbook.diagnosis.plan import Plan, plan
from workbook.diagnosis.probes import comparisons, leaving
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.generators import global_codes, global_states, put_global_states
from workbook.diagnosis.process import compiler
from workbook.diagnosis.process.child import load
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.session import Unusable
from workbook.diagnosis.target import Subject
from workbook.diagnosis.targets.tests import node, tolerance
from workbook.trace.places import is_user_file, line_of

_MOST = 10_000  # readings of a test that are kept
_STATES = "generators"  # their states, beside the switches
_VARIABLE, _FOLDER, _START = "environment variable ", "working folder", os.getcwd()
_LATE = ["torch.distributed.tensor"]  # the first assert_close loads it, which takes a second


class Trials:
    """The trials of one session: items by their names, and what a fork reports."""

    def __init__(self, session: pytest.Session, wanted: str) -> None:
        self.session = session
        self.items = {named(item.nodeid, item.path): item for item in session.items}
        self.wanted = named(wanted, Path(wanted.partition("::")[0]))
        self.reports: list[pytest.TestReport] = []
        self.states: tuple[Any, ...] = ()  # of the generators, as shared fixtures leave them
        self.modes: dict[str, tuple[torch.nn.Module, dict[str, bool]]] = {}  # and of modules

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, None, None]:
        """Keep what a fixture does once for several tests: generators' states, modules' modes."""
        yield
        if fixturedef.scope != "function":
            self.states = global_states()
            made = (fixturedef.cached_result or (None,))[0]
            if isinstance(made, torch.nn.Module):
                self.modes[f"mode of {fixturedef.argname}"] = made, _modes(made)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test in this fork came to."""
        self.reports.append(report)

    def pytest_assertrepr_compare(self, op: str, left: Any, right: Any) -> None:
        """Take down both sides of a bare `==` that failed."""
        kinds = approximate()
        if op == "==" and not isinstance(left, kinds) and not isinstance(right, kinds):
            comparisons.note("==", line_of(sys._getframe()), left, right, 0.0, 0.0)

    def _put_back(
        self,
        names: frozenset[str],
        switches: dict[str, Any],
        states: tuple[Any, ...],
        variables: dict[str, str],
    ) -> None:
        for name in names:
            if name == _STATES:
                put_global_states(states)
            elif name in SWITCHES:
                SWITCHES[name][1](switches[name])
            elif name in self.modes:
                for label, part in self.modes[name][0].named_modules():
                    part.training = self.modes[name][1].get(label, part.training)
            elif name.startswith(_VARIABLE):
                key = name.removeprefix(_VARIABLE)
                os.environ.pop(key, None)
                os.environ.update({key: variables[key]} if key in variables else {})
            elif name == _FOLDER:
                os.chdir(_START)

    def body(self, plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the wanted test after the tests that the plan names, and give what it compared."""
        before, variables = _read(), dict(os.environ)
        switches = {name: read() for name, (read, _) in SWITCHES.items()}
        self.states = begun = global_states()
        order = [self.items[name] for name in (*plan.variants, self.wanted)]
        hook = self.session.config.hook
        left: dict[str, list[str]] = {}
        read: list[dict[str, Any]] = []
        for number, item in enumerate(order):
            following = order[number + 1] if number + 1 < len(order) else None
            if following is None:
                after = _read()
                left = {k: [before.get(k, "unset"), after.get(k, "unset")] for k in before | after}
                left |= {k: [_word(was), _word(_modes(m))] for k, (m, was) in self.modes.items()}
                left = {k: words for k, words in left.items() if len(set(words)) == 2}
                self._put_back(plan.between, switches, begun, variables)
                comparisons.start()
                self.reports.clear()
                leaving.watch(lambda kind, **row: read.append(row), sides=True)
            with tolerance.tried(plan.trial if following is None else None) as tried:
                hook.pytest_runtest_protocol(item=item, nextitem=following)
            if not number:  # a fixture that seeds did so for the first test, whichever that is
                begun = self.states
        # a bare `assert loss < 0.1` shows no sides, but what it judges by was read from torch; if
        # nothing was, what it comes to is all there is
        made = _outcome(self.reports)
        values, rows = _sides(), _rows()
        if not any(row["share"] > 1 for row in rows) and (made["outcome"] == "failed" or not rows):
            values |= leaving.by_line(read[:_MOST]) or {"outcome": made["outcome"]}
        return values, {**made, "compared": rows, "left": left, "tried": tried}


def named(node: str, file: Path) -> str:
    """Name a test as it is typed in this folder, which may lie below that where node ids start.

    >>> named("tests/gpu/test_model.py::test_mean", Path("test_model.py"))
    'test_model.py::test_mean'
    """
    _, mark, inner = node.partition("::")
    typed = os.path.relpath(os.path.realpath(file), os.path.realpath(os.curdir))
    return f"{Path(typed).as_posix()}{mark}{inner}"


def _read() -> dict[str, str]:
    """Read what tests can leave changed: switches, generators, the environment, the folder."""
    given = {f"{_VARIABLE}{k}": v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    return {**readings(), _STATES: str(global_codes()), _FOLDER: os.getcwd(), **given}


def _modes(module: torch.nn.Module) -> dict[str, bool]:
    return {name: part.training for name, part in module.named_modules()}


def _word(modes: dict[str, bool]) -> str:
    """Say in which mode a module is, and all in it."""
    return "train" if all(modes.values()) else "train in parts" if any(modes.values()) else "eval"


def _sides() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for number, comparison in enumerate(comparisons.SEEN):
        made |= {f"{number} actual": comparison.actual, f"{number} expected": comparison.expected}
    return made


def _rows() -> list[dict[str, Any]]:
    return [
        {name: getattr(comparison, name) for name in ("how", "line", "rtol", "atol", "share")}
        for comparison in comparisons.SEEN
    ]


def _raised_at(shown: Any) -> str:
    """Say at which line of the user's a test failed, the last that the report shows; "" if none."""
    entries = getattr(getattr(shown, "reprtraceback", None), "reprentries", ())
    places = [place for entry in entries if (place := getattr(entry, "reprfileloc", None))]
    lines = [f"{Path(place.path).name}:{place.lineno}" for place in places
             if is_user_file(os.path.abspath(place.path))]  # fmt: skip
    return lines[-1] if lines else ""


def _outcome(reports: list[pytest.TestReport]) -> dict[str, Any]:
    """Say what a test came to: its outcome, in which phase, and the message."""
    for report in reports:
        if report.outcome != "passed":
            crash = getattr(report.longrepr, "reprcrash", None)
            last = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
            text = crash.message if crash is not None else str(last)
            outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
            place = _raised_at(report.longrepr)
            return {"outcome": outcome, "phase": report.when, "message": text, "at": place}
    return {"outcome": "passed", "phase": "call", "message": ""}


def approximate() -> tuple[type, ...]:
    """Give the classes of pytest.approx that compare; they have no public name."""
    examples: tuple[Any, ...] = (1.0, [1.0], {"a": 1.0}, np.ones(1))
    kinds = {kind for example in examples for kind in type(pytest.approx(example)).__mro__}
    return tuple(kind for kind in kinds - {object} if "__eq__" in vars(kind))


def _sets() -> bool:
    """Say whether a file of the user's that was imported makes a set: its order is that of hashes.

    A test gets hashes of its own in each process, and all forks of this one share theirs.
    """
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    texts = [file for file in files if file.endswith(".py") and Path(file).is_file()]
    return any(Fact.SETS in facts(file) for file in texts if is_user_file(file))


def _end_after(seconds: int) -> None:
    """End this process after so many seconds, whatever it does then; 0: not any more."""
    if hasattr(signal, "alarm"):  # Windows has none
        signal.alarm(seconds)


class Diagnosis:
    """The session's plugin: what is watched, and the diagnosis in place of the test run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: dict[str, Any] = json.loads((folder / "plan.json").read_text())
        _end_after(math.ceil(max(1.0, self.plan["deadline"] - time.monotonic())))
        load(_LATE, forks=True)
        compiler.load_later()
        comparisons.watch(approximate())
        self.threads = torch.get_num_threads()
        torch.set_num_threads(1)  # a pool of threads must not begin before a fork

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Diagnose the wanted test in place of running the session."""
        _end_after(0)  # from here on the runs have their deadline
        trials = Trials(session, self.plan["node"])
        if trials.wanted not in trials.items:
            inside = [
                name
                for name in trials.items
                if name.startswith((f"{trials.wanted}[", f"{trials.wanted}::"))
            ]
            self._write({"missing": inside})
            return True
        manager = session.config.pluginmanager
        terminal = manager.getplugin("terminalreporter")
        manager.unregister(terminal)
        manager.register(trials)
        if self.plan["order"] == "once":
            self._write(self._forks(trials).run(plan(0)).data)
        else:
            answer = replace(self._answer(trials), hashed=_sets())
            self._write({"answer": asdict(answer)})
        manager.register(terminal, "terminalreporter")
        return True

    def _forks(self, trials: Trials) -> Forks:
        subject = Subject("test", nodes=(trials.wanted,))
        forks = Forks(subject, trials.body, self.folder / "forks", self.plan["deadline"])
        forks.paced = self.plan["paced"]
        forks.threads = self.threads
        forks.scratch = self.folder.parent / "tmp"  # the run's own, also where a test names another
        return forks

    def _answer(self, trials: Trials) -> Answer:
        name, forks = trials.wanted, self._forks(trials)
        before = list(trials.items)[: list(trials.items).index(name)]
        try:
            answer = node.diagnosed(forks, name, before, self.plan["order"])
            return node.worded(answer, forks.known.values())
        except Unusable as problem:
            notes = (f"{name} could not be diagnosed: {problem}.", *problem.traceback)
            return Answer(name, "unknown", (), tuple(forks.tried), notes, usable=False)
        except OutOfTime:
            forks.unexplained(runs=False)
            notes = (f"{name} was not diagnosed to the end: the time is used up.", *forks.notes)
            return Answer(name, "unknown", (), tuple(forks.tried), notes)

    def _write(self, made: dict[str, Any]) -> None:
        partial = self.folder / "answer.part"
        partial.write_text(json.dumps(made))
        partial.replace(self.folder / "answer.json")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Watch what conftest.py and the tests' files do with generators when they are imported."""
    surroundings.watch_generators()


def pytest_configure(config: pytest.Config) -> None:
    """Put the diagnosis in place of the test run, where one was asked for."""
    config.pluginmanager.register(Diagnosis(Path(os.environ["WORKBOOK_RUN"])))
