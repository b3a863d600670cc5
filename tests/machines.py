"""Every check on other machines, as far as one machine can be several: `make test-machines`.

Each row sets what a computer could have: another instruction set, another path through the matrix
library, other thread counts, fewer cores, other work. Under all of them the notebooks must have
the same text and pass the drift check, and the unit tests must pass.

    python -m tests.machines                        every check on every machine
    python -m tests.machines --check unit AVX2      one check where the name contains AVX2
    python -m tests.machines --jobs 16              with so many workers of pytest-xdist
    python -m tests.machines --together             all at a time, each on its share of the cores

It is a plugin of pytest, too: the one that gives each worker cores of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=36000")
NBVAL += ("--nbval-kernel-startup-timeout=3600", "--dist=loadscope")
CORES = "WORKBOOK_TEST_CORES"  # how many each worker may use
NOTEBOOKS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/*.ipynb"))
CHECKS = {
    "notebooks": (*NBVAL, *NOTEBOOKS),  # their text, and the drift check from the same run
    "unit": ("--ignore=tests/browser", "-m", "not further", "--dist=worksteal"),
}


@dataclass(frozen=True)
class Machine:
    """One way to be another computer: environment variables, and the cores each worker may use."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    cores: int | None = None
    busy: int = 0  # processes for each core that do nothing but compute, beside the checks
    flag: str = ""  # what the processor must have, in the words of /proc/cpuinfo

    def absent(self) -> str | None:
        """Why this machine cannot be it; None if it can."""
        if self.flag and self.flag not in _flags():
            return f"this processor has no {self.flag}"
        if self.cores and not hasattr(os, "sched_setaffinity"):
            return "this system does not keep a process on some cores"
        if self.cores and cores_here() < self.cores:
            return f"this machine has fewer than {self.cores} cores"
        return None


MACHINES = (
    Machine("as it is"),
    Machine("baseline instructions", {"ATEN_CPU_CAPABILITY": "default"}),
    Machine("AVX2", {"ATEN_CPU_CAPABILITY": "avx2"}, flag="avx2"),
    Machine("AVX-512", {"ATEN_CPU_CAPABILITY": "avx512"}, flag="avx512f"),
    Machine("MKL's path for any processor", {"MKL_CBWR": "COMPATIBLE"}),
    Machine("1 thread", {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}),
    Machine("4 threads", {"OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": "4"}),
    Machine("1 core", cores=1),
    Machine("2 cores", cores=2),
    Machine("under load", busy=2),
)


def _flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    found = re.search(r"^flags\s*:(.*)$", info.read_text(), re.M) if info.exists() else None
    return set(found[1].split()) if found else set()


def cores_here() -> int:
    """Count the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep so many processes computing."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def own_cores(worker: int, count: int, cores: list[int]) -> set[int]:
    """Give the `count` cores of a worker; neighbors get others, as long as there are any.

    >>> own_cores(1, 2, [0, 1, 2, 3]), own_cores(2, 2, [0, 1, 2, 3])
    ({2, 3}, {0, 1})
    """
    return {cores[(worker * count + number) % len(cores)] for number in range(count)}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Keep this worker on its own cores, before torch is imported and counts them."""
    worker, count = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get(CORES, 0))
    if worker and count:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, own_cores(int(worker.removeprefix("gw")), count, cores))


def check(machine: Machine, name: str, jobs: int) -> tuple[bool, str]:
    """Run one of CHECKS as `machine`; whether it passed, and pytest's last line."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.machines", "-q", "--tb=short"]
    command += ["-n", str(jobs), *CHECKS[name]]
    variables = {**machine.variables, CORES: str(machine.cores or 0)}
    # Another machine has another disk. On one, torch's compiler takes the kernels that it kept for
    # another instruction set, which give wrong numbers or end the process.
    with tempfile.TemporaryDirectory() as disk, load(machine.busy * cores_here()):
        variables["TORCHINDUCTOR_CACHE_DIR"] = disk
        answer = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "OMP_WAIT_POLICY": "passive", **variables},
            capture_output=True,
            text=True,
        )
    if answer.returncode:
        print(answer.stdout, answer.stderr, sep="\n")
    lines = answer.stdout.strip().splitlines()
    return answer.returncode == 0, lines[-1].strip("= ") if lines else "no output"


def examine(machine: Machine, checks: list[str], jobs: int) -> list[tuple[str, str, str, str]]:
    """Run these CHECKS as `machine`; a row each: its name, the check, the outcome, a last line."""
    if reason := machine.absent():
        return [(machine.name, "", "skipped", reason)]
    rows = []
    for name in checks:
        print(f"{machine.name}: {name} ...", flush=True)
        started = time.monotonic()
        passed, line = check(machine, name, jobs)
        rows.append((machine.name, name, "passed" if passed else "FAILED", line))
        print(
            f"{machine.name}: {name} {rows[-1][2]} in {time.monotonic() - started:.0f} s",
            flush=True,
        )
    return rows


def shares(wanted: list[Machine]) -> list[set[int]]:
    """Divide the cores that this process may use among machines; load takes cores of its own."""
    cores = sorted(os.sched_getaffinity(0))
    weights = [1 + machine.busy for machine in wanted]
    ends = [len(cores) * end // sum(weights) for end in accumulate(weights, initial=0)]
    return [set(cores[begin:end]) for begin, end in pairwise(ends)]


def main(arguments: list[str] | None = None) -> int:
    """Run the checks on every machine, or on those whose names contain a word; 1 if any fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", help="a part of a machine's name")
    parser.add_argument("--check", choices=CHECKS, help="this check alone")
    parser.add_argument("--jobs", type=int, default=2, help="workers at a time (2)")
    parser.add_argument("--together", action="store_true", help="all at a time, on a share each")
    options = parser.parse_args(arguments)
    if options.together and not hasattr(os, "sched_setaffinity"):
        parser.error("this system does not keep a process on some cores: leave --together out")
    words = options.words
    wanted = [m for m in MACHINES if not words or any(word in m.name for word in words)]
    checks = [options.check] if options.check else list(CHECKS)
    needed = sum(1 + machine.busy for machine in wanted)
    if options.together and cores_here() < needed:
        parser.error(f"--together needs {needed} cores for these machines, not {cores_here()}")

    def within(machine: Machine, cores: set[int]) -> list[tuple[str, str, str, str]]:
        os.sched_setaffinity(0, cores)  # this thread's, and those of what it starts
        return examine(machine, checks, options.jobs * (1 + machine.busy))

    if options.together:
        with ThreadPoolExecutor(max(len(wanted), 1)) as pool:
            made = list(pool.map(within, wanted, shares(wanted)))
    else:
        made = [examine(machine, checks, options.jobs) for machine in wanted]
    rows = [row for machine in made for row in machine]
    failed = sum(row[2] == "FAILED" for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in range(3)] if rows else []
    for row in rows:
        print(*(f"{a:<{w}}" for a, w in zip(row[:3], widths, strict=True)), row[3], sep="  ")
    print(f"{len(rows)} rows, {failed} failed" if rows else f"no machine is called {words}")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
