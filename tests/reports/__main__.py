"""Runs the diagnosis on the programs, as their owners would type it, and counts what is right."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.diagnosis_exam.__main__ import wilson
from tests.reports import proof
from tests.reports.program import Program, programs

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    """What the diagnosis said of one program."""

    name: str
    form: str
    labels: tuple[str, ...]
    found: tuple[str, ...]
    status: str
    seconds: float

    @property
    def right(self) -> bool:
        """Say whether the first cause is the label, or the status where the label is one."""
        if self.labels == ("rounding",):
            return self.status == "rounding"
        return self.found[0] in self.labels

    @property
    def alarm(self) -> bool:
        """Say whether a cause is named where there is none."""
        return self.labels == ("none",) and self.status not in ("identical", "unknown")


def diagnosed(program: Program, seconds: float) -> tuple[Row, str]:
    """Type what the owner of a program would type; what came back, and its text."""
    with tempfile.TemporaryDirectory() as folder:
        program.unpack(Path(folder))
        began = time.monotonic()
        words = ["--json", "--timeout", f"{seconds:g}", *program.typed]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        made = subprocess.run(
            [sys.executable, "-m", "workbook", "diagnose", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
            check=False,
        )
        answer = json.loads(made.stdout) if made.stdout else {"status": "unusable", "causes": []}
    found = tuple(row["cause"] for row in answer["causes"]) or (answer["status"],)
    took = time.monotonic() - began
    row = Row(program.name, program.form, program.labels, found, answer["status"], took)
    return row, made.stdout + made.stderr


def share(words: str, rows: Sequence[bool]) -> str:
    """Write a count as a share with its 95 % interval (Wilson, 1927)."""
    low, high = wilson(sum(rows), len(rows))
    return f"{words}: {sum(rows)} of {len(rows)} (95 % interval {low:.0%} to {high:.0%})"


def _sit(rows: list[Program], half: str, seconds: float, kept: Path | None) -> None:
    made = []
    for program in rows:
        row, text = diagnosed(program, seconds)
        made.append(row)
        if half == "open" and not row.right:
            print(f"{row.name} ({row.form}): {' or '.join(row.labels)}, found {row.found}\n{text}")
        if kept is not None:
            kept.write_text(json.dumps([asdict(one) for one in made], indent=1) + "\n")
    faulty = [row.right for row in made if row.labels != ("none",)]
    print(share(f"{half}, right first cause", faulty))
    print(share("false alarms", [row.alarm for row in made if row.labels == ("none",)]))
    times = sorted(row.seconds for row in made)
    print(f"seconds: median {times[len(times) // 2]:.0f}, largest {times[-1]:.0f}")


def _prove(rows: list[Program]) -> int:
    """Prove labels and print those that are not proved."""
    unproved = 0
    for program in rows:
        said = proof.prove(program)
        unproved += bool(said)
        print(f"{program.name}: {said or 'proved'}", flush=True)
    print(f"{len(rows) - unproved} of {len(rows)} labels are proved")
    return 1 if unproved else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.reports", description=__doc__)
    parser.add_argument("names", nargs="*", help="numbers of programs; all of the half without any")
    parser.add_argument("--half", choices=("open", "held"), default="open")
    parser.add_argument("--prove", action="store_true", help="prove the labels of both halves")
    parser.add_argument("--seconds", type=float, default=600.0, help="for each diagnosis")
    parser.add_argument("--json", type=Path, help="keep what was found here")
    options = parser.parse_args(arguments)
    chosen = [one for one in programs() if not options.names or one.name in options.names]
    needed = {one.head["needs"] for one in chosen if "needs" in one.head}
    absent = {name for name in needed if importlib.util.find_spec(name) is None}
    left_out = [one.name for one in chosen if one.head.get("needs") in absent]
    if left_out:
        print(f"not run, {' and '.join(sorted(absent))} is not installed: {', '.join(left_out)}")
    chosen = [one for one in chosen if one.name not in left_out]
    if options.prove:
        return _prove(chosen)
    half = [one for one in chosen if one.held_out == (options.half == "held")]
    _sit(half, options.half, options.seconds, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
