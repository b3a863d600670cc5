"""Proves labels without the diagnosis: with the fault results differ, with its cure they do not."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reports.program import Program

_TRIALS = 20  # of a test that fails at times, to see it do both


def run(words: list[str], folder: Path) -> str:
    """Run a command line to its end and give what it printed; an AssertionError where it fails."""
    words = [sys.executable, *words[1:]] if words[0] == "python" else words
    if words[0] == "torchrun":
        words = [sys.executable, "-m", "torch.distributed.run", *words[1:]]
    made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert not made.returncode, made.stderr
    return made.stdout


def last(words: list[str], folder: Path) -> str:
    """Give the last line that a command prints."""
    return run(words, folder).strip().splitlines()[-1]


def passes(arguments: list[str], folder: Path, name: str) -> bool:
    """Say whether one test passes in a session of pytest."""
    words = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments]
    made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    found = re.search(rf"{re.escape(name)} (PASSED|FAILED)", made.stdout)
    assert found, made.stdout
    return found[1] == "PASSED"


def _cells(path: Path, *, stored: bool) -> str:
    """Run a notebook's cells in one order or the other, and give what they print."""
    rows = [
        (row["execution_count"], row["source"]) for row in json.loads(path.read_text())["cells"]
    ]
    source = "\n".join(text for _, text in (sorted(rows) if stored else rows))
    return last(["python", "-c", source], path.parent)


def _sides(program: Program, folder: Path) -> tuple[str, str]:
    """Give the two results that the fault sets apart."""
    typed = program.typed
    if program.form == "notebook":
        path = folder / typed[0]
        ordered = program.labels == ("module-state",)
        return _cells(path, stored=False), _cells(path, stored=ordered)
    words = typed[typed.index("--") + 1 :]
    first = last(words, folder)
    if typed[0] in ("--against", "--resume"):
        return first, last(shlex.split(typed[1]), folder)
    return first, last(words, folder)


def _far(sides: tuple[str, str]) -> float:
    """Give how far the numbers of two lines are apart; 0 where the lines are equal."""
    if sides[0] == sides[1]:
        return 0.0
    numbers = [re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", side) for side in sides]
    pairs = zip(*([float(text) for text in side] for side in numbers), strict=False)
    return max((abs(a - b) for a, b in pairs), default=float("inf"))


def _test(program: Program, folder: Path, *, cured: bool) -> str:
    """Say what is not as it should be of a test."""
    name = program.typed[0]
    if "after" in program.head:
        assert passes([name], folder, name), "it fails by itself"
        ended = passes(program.head["after"].split(), folder, name)
        return "" if ended == cured else f"after others it has passed: {ended}"
    seen = set()
    for _ in range(3 if cured else _TRIALS):
        seen.add(passes([name], folder, name))
        if len(seen) == 2 or "random-numbers" not in program.labels:
            break
    wanted = {True} if cured else {True, False} if "random-numbers" in program.labels else {False}
    return "" if seen == wanted else f"it has passed: {seen}"


def prove(program: Program) -> str:
    """Say why a label is not proved; nothing where it is."""
    far = {}
    for cured in (False, True):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(os.path.realpath(made))
            program.unpack(folder, cured=cured)
            if program.form == "test":
                if said := _test(program, folder, cured=cured):
                    return f"{'cured' if cured else 'as it is'}, {said}"
                continue
            far[cured] = _sides(program, folder)
    if program.form == "test":
        return ""
    if program.form == "ranks":  # it prints whether all is well
        return "" if far[False][0] != far[True][0] else "the cure changes nothing"
    if program.labels == ("none",):
        return "" if not _far(far[False]) else f"it differs: {far[False]}"
    if not _far(far[False]):
        return f"with its fault it does not differ: {far[False]}"
    return "" if 1000 * _far(far[True]) <= _far(far[False]) else f"cured, it differs: {far[True]}"
