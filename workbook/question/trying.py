"""Carrying out a trial: the program and the trial's code are run, and the two results compared.

Owns the running, in this process or in two fresh ones, the looking up where a trial was recorded
on a device, and the rule for "the difference went".
Every switch that the code touches is put back. `python -m` this module is the fresh process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbook.conditions import Conditions
from workbook.question.case import Case, Trial

SHRUNK = 2.0**-10
"""A difference went if at most this share of the symptom is left: rounding in float64 would be."""


@dataclass(frozen=True)
class Tried:
    """What a trial showed: the greatest difference, and whether that of the symptom is gone.

    `untouched` is the difference without the trial. Where a program says only whether two results
    are apart, both are True or False.
    """

    difference: float | bool
    went: bool
    untouched: float | bool = True


def tried(case: Case, trials: Sequence[Trial]) -> tuple[Tried, ...]:
    """Run the symptom and these trials, each from a freshly loaded program.

    RuntimeError where a fresh process fails, with its last line; whatever the code raises here is
    raised.
    """
    wanted = (case.symptom, *trials)
    apart = _apart(case, [trial for trial in wanted if trial.processes == 2])
    untouched, *rest = (
        apart[trial] if trial in apart else _together(case, trial) for trial in wanted
    )
    return tuple(Tried(each, each <= SHRUNK * untouched, untouched) for each in rest)


def _together(case: Case, trial: Trial) -> float | bool:
    if trial.recorded:
        return trial.recorded()
    names = _run(case.program, trial.code)
    return _difference(names["first"], names["second"])


def _difference(first: Tensor, second: Tensor) -> float | bool:
    if first.dtype == torch.bool:
        return bool((first != second).any())
    return float((first.double() - second.double()).abs().max())


def _run(program: str, code: str) -> dict[str, Any]:
    """Give the names that the program and then the code leave; nothing else is changed by them."""
    names: dict[str, Any] = {"__name__": "program", "PROGRAM": program}
    kept = str(torch.get_default_dtype()).removeprefix("torch.")
    with Conditions(threads=torch.get_num_threads(), default_dtype=kept):
        exec(compile(program, "<program>", "exec"), names)
        exec(compile(code, "<trial>", "exec"), names)
    return names


def _apart(case: Case, trials: Sequence[Trial]) -> dict[Trial, float | bool]:
    """Measure the difference between two fresh processes, for each of these trials."""
    if not trials:
        return {}
    unlike = [trial for trial in trials if not trial.same_hash]
    same = [trial for trial in trials if trial.same_hash]
    started = [(batch, _start(case, batch, seed))
               for batch, seed in ((trials, 1), (unlike, 2), (same, 1)) if batch]  # fmt: skip
    first, *seconds = [dict(zip(batch, _results(child), strict=True)) for batch, child in started]
    return {
        trial: _difference(first[trial], second[trial]) for second in seconds for trial in second
    }


def _start(case: Case, trials: Sequence[Trial], hash_seed: int) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "workbook.question.trying"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed),
             "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})  # fmt: skip
    if child.stdin is not None:
        child.stdin.write(json.dumps([case.program, *(trial.code for trial in trials)]))
        child.stdin.close()
        child.stdin = None
    return child


def _results(child: subprocess.Popen[str]) -> list[Tensor]:
    out, complaints = child.communicate()
    if child.returncode:
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"the fresh process failed: {last}")
    return [torch.tensor(rows, dtype=torch.float64) for rows in json.loads(out)]


def _serve() -> None:
    program, *codes = json.load(sys.stdin)
    json.dump([_run(program, code)["result"].tolist() for code in codes], sys.stdout)


if __name__ == "__main__":
    _serve()
