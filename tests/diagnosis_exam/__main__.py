"""Sits the exam: runs the diagnosis on programs and counts what is right.

    python -m tests.diagnosis_exam --half open --limit 20 --seconds 60 --jobs 2 --lines out.jsonl
    python -m tests.diagnosis_exam --prove --half open
    python -m tests.diagnosis_exam --seed 20261128        # 90 programs that nobody has seen

Of the frozen half it prints figures only: no text, no name, no single answer. A file of outcomes
has a line for each program as it is answered, without its name there; a run that was ended goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.diagnosis_exam import proof
from tests.diagnosis_exam.program import EACH, SEEDED, SIZES, Program, digest, programs, size

STOPPED = "stopped"  # the diagnosis was ended from outside


@dataclass(frozen=True)
class Answer:
    """What the diagnosis said about one program."""

    name: str
    label: tuple[str, ...]
    found: tuple[str, ...]
    seconds: float

    @property
    def first(self) -> str:
        """Give the first cause, or the word that stands for no cause."""
        return self.found[0]

    @property
    def right(self) -> bool:
        """Say whether the first cause is one of the label's, or none where there is none."""
        return self.first in (self.label or ("none",))

    @property
    def both(self) -> bool:
        """Say whether every cause of the label was found."""
        return set(self.label) <= set(self.found)

    @property
    def alarm(self) -> bool:
        """Say whether a cause is named where there is none."""
        return not self.label and self.first not in ("none", "unknown", STOPPED)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson, J. Am. Stat. Assoc. 22, 1927).

    >>> [round(end, 3) for end in wilson(9, 10)]
    [0.596, 0.982]
    """
    if not of:
        return 0.0, 1.0
    z = statistics.NormalDist().inv_cdf(0.975)
    middle = (hits + z * z / 2) / (of + z * z)
    half = z / (of + z * z) * math.sqrt(hits * (of - hits) / of + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def diagnosed(program: Program, seconds: float) -> Answer:
    """Run the command line on one program, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(program.text, encoding="utf-8")
        options = ["--model"] if program.base.form == "module" else []
        targets = [f"program.py:{target}" for target in program.targets]
        line = [sys.executable, "-m", "workbook", "diagnose", "--json", "--timeout", f"{seconds:g}"]
        path = os.pathsep.join(filter(None, (str(proof.ROOT), os.environ.get("PYTHONPATH"))))
        start = time.monotonic()
        try:
            ended = subprocess.run(
                [*line, *options, *targets],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=2 * seconds + 60,
                env={**os.environ, "PYTHONPATH": path},
            )
            found = _found(ended.stdout)
        except subprocess.TimeoutExpired:
            found = (STOPPED,)
    return Answer(program.name, program.label, found, time.monotonic() - start)


def _found(printed: str) -> tuple[str, ...]:
    """Read the causes that the diagnosis printed, or its status where there are none."""
    try:
        answer = json.loads(printed)
    except json.JSONDecodeError:
        return (STOPPED,)
    if answer["status"] == "identical":
        return ("none",)
    return tuple(row["cause"] for row in answer["causes"]) or (answer["status"],)


def _share(words: str, rows: Sequence[bool]) -> str:
    """Write one figure with its interval."""
    hits, of = sum(rows), len(rows)
    low, high = wilson(hits, of)
    share = f"{hits / of:.0%}, 95 % interval {low:.0%} to {high:.0%}" if of else "none of this kind"
    return f"{words}: {hits} of {of} ({share})"


def figures(answers: Sequence[Answer]) -> list[str]:
    """Write the figures of some answers, and the confusion table."""
    faulty = [row for row in answers if row.label]
    two = [row for row in answers if len(row.label) == 2]
    times = [row.seconds for row in answers]
    lines = [
        _share("right first cause", [row.right for row in faulty]),
        _share("both of two", [row.both for row in two]),
        _share("false alarms", [row.alarm for row in answers if not row.label]),
        _share(
            "no answer in time, or unknown", [row.first in ("unknown", STOPPED) for row in answers]
        ),
        f"seconds: median {statistics.median(times):.1f}, largest {max(times):.1f}",
        "",
        "label -> first cause: times",
    ]
    counts = Counter((" + ".join(row.label) or "none", row.first) for row in answers)
    return lines + [
        f"  {label} -> {first}: {times}" for (label, first), times in sorted(counts.items())
    ]


def _shown_here(program: Program) -> bool:
    """Say whether this machine shows the fault; some do not round otherwise."""
    return not (any(fault.machine for fault in program.faults) and proof.prove(program))


def _proved(rows: Sequence[Program]) -> list[Program]:
    """Leave out programs whose label is not proved here, as those of a seed may be, and say so."""
    hashes = proof.prove_hashes(rows)
    proved = [row for row in rows if not (hashes[row.name] or proof.prove(row))]
    print(f"labels proved: {len(proved)} of {len(rows)}; the others are left out", flush=True)
    return proved


def _answered(program: Program, seconds: float) -> Answer | None:
    """Diagnose one program where this machine shows its fault."""
    return diagnosed(program, seconds) if _shown_here(program) else None


def _outcomes(
    rows: Sequence[Program], seconds: float, jobs: int
) -> Iterator[tuple[Program, Answer | None]]:
    """Diagnose programs, some at the same time; each outcome as it comes."""
    if jobs == 1:
        yield from ((row, _answered(row, seconds)) for row in rows)
        return
    # a worker imports the function by this module's name, which is not __main__ there
    home = importlib.import_module("tests.diagnosis_exam.__main__")
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        begun = {pool.submit(home._answered, row, seconds): row for row in rows}
        for done in as_completed(begun):
            yield begun[done], done.result()


def _code(row: Program) -> str:
    """Give what stands for a program in a file of outcomes: no name and no text."""
    return hashlib.blake2b(row.text.encode(), digest_size=8).hexdigest()


def _known(path: Path | None) -> dict[str, Answer | None]:
    """Read the outcomes that a run before this one has written, by the programs' codes."""
    lines = path.read_text().splitlines() if path and path.exists() else []
    rows = [json.loads(line) for line in lines]
    return {
        row["code"]: row["found"]
        and Answer(row["name"], tuple(row["label"]), tuple(row["found"]), row["seconds"])
        for row in rows
    }


def _sit(rows: Sequence[Program], told: argparse.Namespace) -> int:
    """Run the diagnosis on programs and print what came out; go on with what is written already."""
    hidden = told.half == "frozen"
    known = _known(told.lines)
    answers = [known[code] for code in map(_code, rows) if code in known]
    todo = [row for row in rows if _code(row) not in known]
    with told.lines.open("a") if told.lines else contextlib.nullcontext() as out:
        for program, row in _outcomes(todo, told.seconds, told.jobs):
            answers.append(row)
            shown = asdict(row) if row else {"found": None}
            shown = {"code": _code(program), **shown, **({"name": ""} if hidden else {})}
            if out is not None:
                out.write(json.dumps(shown) + "\n")
                out.flush()
            if row and not row.right and not hidden:
                label = " + ".join(row.label) or "none"
                print(f"{row.name}: {label}, found {' + '.join(row.found)}", flush=True)
    there = [row for row in answers if row]
    if not there:
        print("no program left: this machine shows none of these faults")
        return 2
    absent = len(answers) - len(there)
    print(f"{told.half}: {len(there)} programs; left out, not shown by this machine: {absent}")
    print("\n".join(figures(there)))
    return 0


def _prove(rows: Sequence[Program], half: str) -> int:
    """Prove the labels of programs and print what is not proved."""
    wrong, absent = 0, 0
    hashes = proof.prove_hashes(rows)
    for program in rows:
        reasons = proof.prove(program) + hashes[program.name]
        if reasons and any(fault.machine for fault in program.faults):
            absent += 1
        elif reasons:
            wrong += 1
            print(f"{program.name if half != 'frozen' else 'a program'}: {'; '.join(reasons)}")
    proved = len(rows) - wrong - absent
    print(f"{half}: {proved} labels proved, {wrong} not; not shown by this machine: {absent}")
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.diagnosis_exam", description=__doc__)
    parser.add_argument("--half", choices=tuple(SIZES), default="open")
    parser.add_argument("--seed", type=int, help="90 other programs, made from this seed")
    parser.add_argument("--limit", type=int, help="so many programs, spread evenly (all)")
    parser.add_argument("--seconds", type=float, default=120, help="time for each program")
    parser.add_argument("--jobs", type=int, default=1, help="so many programs at the same time (1)")
    parser.add_argument(
        "--lines", type=Path, metavar="FILE", help="write each outcome here; go on from there"
    )
    parser.add_argument("--prove", action="store_true", help="prove labels, run no diagnosis")
    parser.add_argument("--show", metavar="NAME", help="print one open program and its label")
    parser.add_argument("--digest", action="store_true", help="print the half's digest")
    told = parser.parse_args(arguments)
    told.half = told.half if told.seed is None else f"{SEEDED}{told.seed}"
    whole = size(told.half)
    count = whole if told.limit is None else told.limit
    if not 1 <= count <= whole:
        parser.error(f"--limit must be from 1 to {whole}, got {count}")
    if not told.seconds > 0:
        parser.error(f"--seconds must be above 0, got {told.seconds:g}")
    if told.jobs < 1:
        parser.error(f"--jobs must be at least 1, got {told.jobs}")
    if told.digest:
        print(digest(told.half))
        return 0
    if told.show:
        shown = [
            row for half in ("open", "added") for row in programs(half) if row.name == told.show
        ]
        if not shown:
            parser.error(
                f"--show takes open-000 to open-{EACH - 1} and added-000 to "
                f"added-{SIZES['added'] - 1:03}, got {told.show}"
            )
        print(f"# {' + '.join(shown[0].label) or 'none'}: {' '.join(shown[0].targets)}")
        print(shown[0].text, end="")
        return 0
    rows = [programs(told.half)[i * whole // count] for i in range(count)]
    if told.prove:
        return _prove(rows, told.half)
    return _sit(rows if told.seed is None else _proved(rows), told)


if __name__ == "__main__":
    sys.exit(main())
