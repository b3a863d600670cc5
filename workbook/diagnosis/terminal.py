"""`python -m workbook diagnose`: the same engine, for a terminal.

Owns the arguments, the printing and the exit status: 0 for a diagnosis (whatever it found), 2 for
bad words or code that could not be diagnosed. The processes that run the code are started first:
they import torch while this one does.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.target import PATIENCE, TIMEOUT, Subject, subject

if TYPE_CHECKING:
    from workbook.diagnosis.answer import Answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell argparse what `diagnose` takes."""
    add = parser.add_argument
    what = "one function to call again, or two that should agree; or -- and a command line"
    add("targets", nargs="*", metavar="FILE.py:FUNCTION", help=what)
    add("--model", action="store_true", help="FUNCTION builds (module, tuple of inputs)")
    add("--against", default="", metavar="COMMAND", help="a command line that should agree")
    resume = "the command line that goes on after a stop"
    add("--resume", default="", metavar="COMMAND", help=resume)
    steps = "end each run after N steps of training"
    add("--steps", type=int, default=0, metavar="N", help=steps)
    add("--json", action="store_true", help="print the answer as JSON")
    end = f"default {TIMEOUT:g}; {PATIENCE:g} for a command line; 50 first runs if that is more"
    seconds = f"end after this long and say what was found ({end})"
    add("--timeout", type=float, metavar="SECONDS", help=seconds)


def _trace_files(arguments: argparse.Namespace) -> int:
    """Compare two trace files and print what they say."""
    from workbook.tracefile.report import report

    if len(arguments.targets) != 2 or arguments.model:
        raise ValueError("two trace files are compared: diagnose here.wbt there.wbt")
    comparison = report(*map(Path, arguments.targets))
    text = json.dumps(comparison.to_json(), indent=2) if arguments.json else comparison.text()
    sys.stdout.write(text + "\n")
    return 0


def _watch(text: str) -> None:
    """Show what was tried last on one line of a terminal; nothing where stderr is no terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r\x1b[K" + text[:width])
        sys.stderr.flush()


def _answer(arguments: argparse.Namespace) -> Answer:
    """Diagnose what the words ask for."""
    if arguments.timeout is not None and not arguments.timeout > 0:
        raise ValueError(f"--timeout must be more than 0 seconds, got {arguments.timeout:g}")
    wanted = subject(
        *arguments.targets,
        model=arguments.model,
        program=arguments.program,
        against=arguments.against,
        resume=arguments.resume,
    )
    own = wanted.hash_seeds[0] if _is_first(wanted) else None
    with Workers() as workers:
        for hash_seed in wanted.hash_seeds:
            if hash_seed != own or own is None:
                workers.warm(hash_seed)
        collects = gc.isenabled()
        gc.disable()  # what is imported stays: to look through it again and again takes a tenth
        from workbook.diagnosis.engine import answered  # it imports torch
        from workbook.diagnosis.process import child

        if collects:
            gc.enable()
        if own is not None:
            workers.warm(own, work=lambda: child.serve(once=False))
        return answered(wanted, workers, arguments.timeout, _watch, arguments.steps)


def _is_first(wanted: Subject) -> bool:
    """Whether a fork of this process can be the first of those that run the code.

    It has imported torch by then, which one process less has to do. It must have the hash seed of
    the first, so a command that was typed is started anew with it, here at its beginning.
    """
    seed, given = str(wanted.hash_seeds[0]), os.environ.get("PYTHONHASHSEED")
    if not wanted.targets or sys.platform != "linux":
        return False
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if given is None and spec is not None and spec.name == "workbook.__main__":
        words = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, words, {**os.environ, "PYTHONHASHSEED": seed})
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as in all of them; read with torch
    return given == seed and "torch" not in sys.modules


def main(arguments: argparse.Namespace) -> int:
    """Diagnose and print; the exit status."""
    try:
        if any(target.endswith(".wbt") for target in arguments.targets):
            return _trace_files(arguments)
        answer = _answer(arguments)
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before anything was known\n")
        return 2
    finally:
        _watch("")
    if arguments.json:
        sys.stdout.write(json.dumps(answer.to_json(), indent=2) + "\n")
        if not answer.usable:
            sys.stderr.write("\n".join(answer.notes) + "\n")
    elif answer.usable:
        sys.stdout.write(answer.text() + "\n")
    else:
        sys.stderr.write("\n".join(answer.notes) + "\n")
        sys.stderr.write("".join(f"  - {row}\n" for row in answer.tried))
    return 0 if answer.usable else 2
