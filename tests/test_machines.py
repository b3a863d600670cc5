"""Other machines on this one: each worker's own cores, and what a machine lacks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests import machines
from tests.machines import CORES, Machine, cores_here, own_cores, pytest_load_initial_conftests


@pytest.mark.parametrize(("count", "expected"), [(1, [{3}, {5}, {7}]), (2, [{3, 5}, {7, 3}])])
def test_neighbors_have_other_cores(count: int, expected: list[set[int]]) -> None:
    """Workers take the cores in turn and begin again where there are no more."""
    made = [own_cores(worker, count, [3, 5, 7]) for worker in range(len(expected))]
    assert made == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process on some cores")
def test_a_worker_has_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything counts cores, a worker is on its own; the process that starts it is not."""
    before = os.sched_getaffinity(0)
    monkeypatch.setenv(CORES, "1")
    try:
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        pytest_load_initial_conftests()
        assert os.sched_getaffinity(0) == before
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
        pytest_load_initial_conftests()
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)


def test_what_a_machine_lacks_is_said() -> None:
    """More cores than there are, or a flag that no processor has, give a reason."""
    assert Machine("as it is").absent() is None
    assert "fewer than" in str(Machine("large", cores=cores_here() + 1).absent())
    assert "no such-flag" in str(Machine("new", flag="such-flag").absent())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process on some cores")
def test_machines_at_a_time_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has its share and its workers; a machine under load has three of either."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    seen: list[set[int]] = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: seen.append(cores))
    both = threading.Barrier(2)  # passed only if two machines are examined at once
    jobs: dict[str, int] = {}

    def check(machine: Machine, name: str, count: int) -> tuple[bool, str]:
        jobs[machine.name] = count
        both.wait()
        return machine.name != "1 thread", "2 passed"

    monkeypatch.setattr(machines, "check", check)
    words = ["1 thread", "load", "--together", "--jobs", "3", "--check", "unit"]
    assert machines.main(words) == 1  # one of the two failed
    assert sorted(seen, key=min) == [{0, 1}, {2, 3, 4, 5, 6, 7}]
    assert jobs == {"1 thread": 3, "under load": 9}
    with pytest.raises(SystemExit):
        machines.main(["--together"])  # 12 shares of 8 cores
    assert "needs 12 cores" in capsys.readouterr().err


def test_each_machine_keeps_its_own_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch.compile made for one is not there for the next, nor in the user's own cache."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "mine")
    folders: list[Path] = []

    def run(words: list[str], **more: Any) -> Any:
        folders.append(Path(more["env"]["TORCHINDUCTOR_CACHE_DIR"]))
        assert list(folders[-1].iterdir()) == []
        (folders[-1] / "kernel.so").touch()
        return subprocess.CompletedProcess(words, 0, "1 passed", "")

    monkeypatch.setattr(subprocess, "run", run)
    for variables in ({"ATEN_CPU_CAPABILITY": "default"}, {"ATEN_CPU_CAPABILITY": "avx2"}):
        assert machines.check(Machine("a computer", variables), "unit", 1) == (True, "1 passed")
    assert len({"mine", *map(str, folders)}) == 3
    assert not any(folder.exists() for folder in folders)
