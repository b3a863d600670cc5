"""Strict nbval on other machines, as far as one machine can be several: `make test-machines`.

Each row sets what a computer could have: another instruction set, another path through the matrix
library, other thread counts, fewer cores. The notebooks' text must be the same under all of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "240", "-q", "--tb=short")


@dataclass(frozen=True)
class Machine:
    """One way to be another computer: environment variables and the cores to run on."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    cores: int | None = None
    flag: str = ""  # what the processor must have, in the words of /proc/cpuinfo

    def absent(self) -> str | None:
        """Why this machine cannot be it; None if it can."""
        if self.flag and self.flag not in _flags():
            return f"this processor has no {self.flag}"
        if self.cores and not shutil.which("taskset"):
            return "taskset is not installed"
        if self.cores and len(os.sched_getaffinity(0)) < self.cores:
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
)


def _flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    found = re.search(r"^flags\s*:(.*)$", info.read_text(), re.M) if info.exists() else None
    return set(found[1].split()) if found else set()


def check(machine: Machine, notebooks: list[str]) -> tuple[bool, str]:
    """Run strict nbval as `machine`; whether it passed, and pytest's last line."""
    at_once = ("-n", "2", "--dist", "loadscope") if machine.cores != 1 else ("-n", "0")
    command = [sys.executable, "-m", "pytest", *NBVAL, *at_once, *notebooks]
    if machine.cores:
        cores = sorted(os.sched_getaffinity(0))[: machine.cores]
        command = ["taskset", "-c", ",".join(map(str, cores)), *command]
    answer = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **machine.variables}, capture_output=True, text=True
    )
    if answer.returncode:
        print(answer.stdout, answer.stderr, sep="\n")
    lines = answer.stdout.strip().splitlines()
    return answer.returncode == 0, lines[-1].strip("= ") if lines else "no output"


def main(names: list[str]) -> int:
    """Run every machine, or those whose names contain one of `names`; 1 if any differs."""
    notebooks = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/*.ipynb"))
    wanted = [m for m in MACHINES if not names or any(name in m.name for name in names)]
    rows, passed, skipped = [], 0, 0
    for machine in wanted:
        print(f"{machine.name} ...", flush=True)
        if reason := machine.absent():
            skipped += 1
            rows.append((machine.name, "skipped", reason))
            continue
        started = time.perf_counter()
        same, line = check(machine, notebooks)
        passed += same
        verdict = "same text" if same else "OTHER TEXT"
        rows.append((machine.name, verdict, f"{line} ({time.perf_counter() - started:.0f} s)"))
    width = max(len(row[0]) for row in rows)
    print("", *(f"{a:<{width}}  {b:<10}  {c}" for a, b, c in rows), sep="\n")
    failed = len(wanted) - passed - skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
