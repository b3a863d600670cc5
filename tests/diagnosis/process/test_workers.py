"""The processes that run the user's code: several at a time, dropped, killed, without forks."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.diagnosis.ending import wait_for_end
from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import subject
from workbook.diagnosis.targets.pair import Pair

PROGRAM = """
import os, pathlib, sys, time
def quick(): return float(len(sys.argv)) + (__name__ == "p")
def meets(): # two of these see one another, or wait for ever
    here = pathlib.Path(MEETING)
    (here / str(os.getpid())).touch()
    while len(list(here.iterdir())) < 2: time.sleep(0.05)
    return 2.0
def first(): return meets()
def second(): return meets() + 0
def forever():
    (pathlib.Path(MEETING) / str(os.getpid())).touch()
    while True: time.sleep(1000)
def crash(): os.kill(os.getpid(), 11)
def queues(): return float(os.environ.get("CUDA_DEVICE_MAX_CONNECTIONS", 0))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A program and a folder that its runs share."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "meeting").mkdir()
    (folder / "mine").mkdir()
    path = folder / "mine" / "p.py"
    path.write_text(PROGRAM.replace("MEETING", repr(str(folder / "meeting"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_WRITABLE", str(folder / "meeting"))
        patch.delenv("CUDA_DEVICE_MAX_CONNECTIONS", raising=False)
        yield path


@pytest.fixture
def program(shared: Path) -> Path:
    """The program, with nobody in its folder."""
    for one in (shared.parents[1] / "meeting").iterdir():
        one.unlink()
    return shared


@pytest.fixture(scope="module")
def workers(shared: Path) -> Iterator[Workers]:
    """Child processes that know the folder, with room for two runs."""
    with Workers(lanes=2) as made:
        yield made


def _session(workers: Workers, path: Path, *names: str) -> Session:
    asked = subject(*(f"{path}:{name}" for name in names))
    return Session(workers, asked, time.monotonic() + 86_400)


def _meeting(program: Path) -> list[int]:
    return [int(one.name) for one in (program.parents[1] / "meeting").iterdir()]


def _overlays(workers: Workers, program: Path) -> None:
    """Let the workers see that each run has a place of its own, or skip where none has."""
    if _session(workers, program, "quick").run(plan(0)).data.get("way") != "overlay":
        pytest.skip("no overlays here: one run at a time")


def test_two_runs_go_on_at_the_same_time(workers: Workers, program: Path) -> None:
    """Each of two runs sees that the other goes on."""
    _overlays(workers, program)
    session = _session(workers, program, "first", "second")
    runs = session.both(plan(0), plan(1))
    assert [run.tensors(0)[""].item() for run in runs] == [2.0, 2.0]


def test_the_first_run_of_all_has_another_beside_it(workers: Workers, program: Path) -> None:
    """A second one begins as soon as the first has a place of its own."""
    _overlays(workers, program)
    if torch.backends.cuda.is_built():
        pytest.skip("they might need the memory of one device")
    with Workers(lanes=2) as new:
        session = _session(new, program, "first", "second")
        assert session.first(plan(0), (plan(1),)).tensors(0)[""].item() == 2.0
        assert session.run(plan(1)).tensors(0)[""].item() == 2.0


@pytest.mark.parametrize(
    ("seen", "several"),
    [
        ({Fact.UNWAITED, Fact.ACCELERATOR}, True),
        ({Fact.UNWAITED}, False),
        ({Fact.ACCELERATOR}, False),
    ],
    ids=["a stream on a device", "a CPU", "no stream"],
)
def test_streams_of_the_programs_own_need_queues_of_their_own(
    workers: Workers, program: Path, seen: set[Fact], several: bool
) -> None:
    """One queue suffices for what is waited for; where it does not, what was run is run again."""
    session = _session(workers, program, "queues")
    run: Any = SimpleNamespace(outcomes=[{}], used=lambda *_: seen)
    session.known[plan(0)] = run
    assert session._needs_queues(run) is several
    assert bool(session.known) is session.one_queue is not several


def test_both_functions_get_the_queues_that_one_needs(
    workers: Workers, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gives the number that CUDA reads, 0 for its own."""
    session = _session(workers, program, "queues")
    assert session.first(plan(0)).tensors(0)[""].item() == 1
    ran = itertools.count()

    def needs(session: Session, run: Run) -> bool:
        if next(ran) != 1:
            return False
        session.one_queue = False
        session.known.clear()
        return True

    monkeypatch.setattr(Session, "_needs_queues", needs)
    pair = Pair(_session(workers, program, "queues", "queues"))
    assert [run.tensors(0)[""].item() for run in pair.calm] == [0, 0]


@pytest.mark.parametrize(("one_queue", "room"), [(True, 4), (False, 1)])
def test_what_nobody_waits_for_is_not_delayed_by_other_runs(one_queue: bool, room: int) -> None:
    """As many runs as a device's memory has room for; one where something may be read too early."""
    with Workers(lanes=8) as new:
        job = new.job({"one_queue": one_queue}, hash_seed=0)
        job.folder.mkdir()
        (job.folder / "result.json").write_text(json.dumps({"memory": [3000, 1000]}))
        new._read(job, done=True)
        assert new._room == room


def test_a_run_ahead_of_time_is_ended_when_nobody_wants_it(workers: Workers, program: Path) -> None:
    """What was begun ahead is ended as soon as other runs are wanted; later runs work."""
    _overlays(workers, program)
    session = _session(workers, program, "forever", "quick")
    session.ahead(plan(0))
    while not _meeting(program):
        time.sleep(0.05)
    session.ahead()
    wait_for_end(_meeting(program)[0])
    assert session.run(plan(1)).tensors(0)[""].item() == 2.0


def test_a_run_that_crashes_is_told_and_costs_nothing_else(workers: Workers, program: Path) -> None:
    """A run that a signal ends leaves a sentence; the one beside it has its result."""
    session = _session(workers, program, "crash", "quick")
    crashed, quick = session.both(plan(0), plan(1))
    assert "ended by itself" in str(crashed.cannot)
    assert quick.cannot is None


def test_a_killed_interpreter_is_replaced(workers: Workers, program: Path) -> None:
    """When the waiting process is killed, its runs end with it and the next gets a new one."""
    session = _session(workers, program, "quick")
    session.run(plan(0))
    waiting = workers._interpreters[0].process
    os.kill(waiting.pid, signal.SIGKILL)
    waiting.wait()
    assert session.run(plan(0, 0)).cannot is None


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel of Linux ends runs with their parent"
)
def test_no_run_outlives_who_asked(program: Path) -> None:
    """When the asking process is killed without a word, its runs end, too."""
    text = (
        "import sys, time\n"
        "from workbook.diagnosis.process.workers import Workers\n"
        "from workbook.diagnosis.plan import plan\n"
        "from workbook.diagnosis.session import Session\n"
        "from workbook.diagnosis.target import subject\n"
        "asked = subject(sys.argv[1] + ':forever')\n"
        "with Workers() as workers:\n"
        "    Session(workers, asked, time.monotonic() + 86_400).run(plan(0))\n"
    )
    asking = subprocess.Popen([sys.executable, "-c", text, str(program)])
    while not _meeting(program):
        assert asking.poll() is None  # it ended before its run had begun
        time.sleep(0.05)
    asking.kill()
    asking.wait()
    wait_for_end(_meeting(program)[0])


def test_a_run_without_forks_sees_what_a_forked_one_sees(workers: Workers, program: Path) -> None:
    """The module's name and sys.argv are those of a process of its own in both."""
    with Workers(forks=False) as fresh:
        for kind in (workers, fresh):
            assert _session(kind, program, "quick").run(plan(0)).tensors(0)[""].item() == 2.0
