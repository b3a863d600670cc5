"""Runs of a command line that are forks of it at its `import torch`: the same as from its start."""

from __future__ import annotations

import dataclasses
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from workbook.diagnosis.plan import ALL, Plan, plan
from workbook.diagnosis.process import zygote
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import Command, Subject

# work before torch is there: a variable, a seed, another folder, printed words, some time
PROGRAM = """
import os, random, sys, time
os.environ["CHOSEN"] = "before torch"
random.seed(len(sys.argv))
began = random.random()
os.chdir("inner")
print("working")
time.sleep(0.3)
import torch
weights = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(weights.parameters(), 0.1)
loss = weights(torch.rand(2, 4)).sum()
loss.backward()
optimizer.step()
place = os.path.basename(os.getcwd())
print("read", began, random.random(), loss.item(), os.environ["CHOSEN"], place)
open("written.txt", "a").write("once")
sys.exit(len(open("written.txt").read()) - 4)
"""


def _session(workers: Workers, *words: str) -> Session:
    command = Command((sys.executable, *words))
    return Session(workers, Subject("command", commands=(command,)), time.monotonic() + 86_400)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the program, which is the current one."""
    path = tmp_path_factory.mktemp("project")
    (path / "inner").mkdir()
    (path / "program.py").write_text(PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        yield path


@pytest.fixture(scope="module")
def session(folder: Path) -> Iterator[Session]:
    """A session of the program; one process waits for all forks of it."""
    with Workers(lanes=2) as workers:
        yield _session(workers, "program.py", "word")


def _both(session: Session, wanted: Plan) -> tuple[Run, Run]:
    """Run the program from its start, and as a fork where runs have places of their own."""
    fresh = session.run(dataclasses.replace(wanted, fresh=True))
    session.forkable = {0} if fresh.data["way"] == "overlay" else set()
    return fresh, session.run(wanted)


@pytest.fixture(scope="module")
def runs(session: Session) -> tuple[Run, Run, Run]:
    """The program from its start, a fork of it, and one under another start of the generators."""
    both = _both(session, plan(0))
    if not session.forkable:
        pytest.skip("no overlays here: every run is a process from its beginning")
    return (*both, session.run(plan(0, held=frozenset({"hash", "leftovers"}))))


def test_a_run_starts_with_the_files_that_another_one_left(session: Session) -> None:
    """Where they are not held: a fork as well as a process from its beginning."""
    fresh, fork = _both(session, plan(0, held=ALL - {"leftovers"}))
    assert [run.data["status"] for run in (fresh, fork)] == [len("once")] * 2
    assert fork.places(0, "leftover-files") == ["inner/written.txt"] and fork.like(fresh)


def test_a_fork_gives_what_a_process_from_its_beginning_gives(runs: tuple[Run, Run, Run]) -> None:
    """Numbers read, steps, exit status and printed text agree, and the fork was one."""
    fresh, fork, _ = runs
    assert fork.data["pid"] != fresh.data["pid"]
    assert "unfit" not in fork.data
    assert fresh.like(fork)
    texts = [(run.folder / "printed.txt").read_text() for run in (fresh, fork)]
    assert texts[0] == texts[1]
    assert texts[0].startswith("working\nread")
    assert fork.data["status"] == 0


def test_a_fork_writes_in_a_place_of_its_own(runs: tuple[Run, Run, Run], folder: Path) -> None:
    """What it writes after a change of folder is listed, and the user's folder stays as it was."""
    _, fork, _ = runs
    assert fork.data["wrote"] == [str(folder / "inner" / "written.txt")]
    assert not list((folder / "inner").iterdir())


def test_a_run_that_needs_another_start_is_no_fork(runs: tuple[Run, Run, Run]) -> None:
    """The program seeds before torch is there; under other generators it runs from its beginning.

    Its own seed counts there, too: only torch draws something else.
    """
    fresh, _, other = runs
    assert other.code(0) != fresh.code(0)
    words = [(run.folder / "printed.txt").read_text().split() for run in (fresh, other)]
    assert words[0][2:4] == words[1][2:4]
    assert other.data["seconds"] > 0.3  # it slept: it began at its beginning


@pytest.mark.uncounted  # who counts lines writes files, and that is what is looked for here
@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("open('mine.txt', 'w')", "writes"),
        ("import os; os.mkdir('mine')", "os.mkdir"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import sys; sys.modules['workbook'] = None; import torch", "ModuleNotFoundError"),
        ("pass", "does not import torch"),
    ],
)
def test_a_program_that_acts_before_torch_gives_no_forks(
    folder: Path, program: str, why: str
) -> None:
    """It is ended before it acts in the user's folder, and says what it was about to do."""
    with Workers() as workers:
        session = _session(workers, "-c", program)
        session.forkable = {0}
        job = session._job(plan(0))
        assert why in workers.finish(job, 86_400).data["unfit"]
    assert sorted(path.name for path in folder.iterdir()) == ["inner", "program.py"]


def test_generators_that_were_moved_belong_to_one_start() -> None:
    """Untouched generators can start from another number; moved ones are put back as they were."""
    kept, numpy = random.getstate(), np.random.get_state()
    try:
        random.seed(1_001)
        np.random.seed(1_001)
        start = zygote._Start(1)
        assert start.fits(2)
        random.random()
        moved = zygote._Start(1)
        assert moved.fits(1)
        assert not moved.fits(2)
        wanted = random.getstate()
        random.seed()
        moved.give(1)
        assert random.getstate() == wanted
        start.give(2)
        assert random.random() == random.Random(1_002).random()
    finally:
        random.setstate(kept)
        np.random.set_state(numpy)


def test_what_a_fork_cannot_have_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another parent, another thread or an open file of the program: there are no forks."""
    waits = {"parent": os.getppid(), "folder": str(folder)}
    assert "a process that the command starts" in zygote._unfit({**waits, "parent": 0}, (0, 1))
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    assert "starts threads" in zygote._unfit(waits, (0, 1))
    ended.set()
    thread.join()
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # of the tests' own threads
    with (folder / "program.py").open() as file:
        monkeypatch.setattr(os, "listdir", lambda path: ["0", str(file.fileno())])
        assert f"keeps {folder / 'program.py'} open" in zygote._unfit(
            {**waits, "folder": "-"}, (0, 1)
        )
        monkeypatch.setattr(os, "listdir", lambda path: ["0"])
        assert zygote._unfit(waits, (0, 1)) == ""


def test_a_command_whose_forks_differ_runs_from_its_beginning(folder: Path) -> None:
    """A fork that gives something else is noticed: later runs are processes, and that is said."""

    class Fake(Session):
        def run(self, wanted: Plan, *, again: bool = False) -> Run:
            return Run(folder, {"outcomes": [], "forkable": True, "status": int(wanted.fresh)})

        def _warm(self, *wanted: Plan) -> None:
            """Start nothing."""

    made = Fake(Workers(), Subject("command", commands=(Command(("x",)),)), time.monotonic() + 3600)
    assert made.try_forks(plan(0)).data["status"] == 1
    assert made.forkable == set()
    assert "from its beginning" in made.notes[0]
