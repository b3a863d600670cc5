"""`python -m workbook trace`: record a run into a file that can be compared anywhere.

Owns the arguments, the run of a function here and of a command line in a process of its own, what
`--show` prints and the exit status: 0 for a file that was written or shown, 2 for one that was not.
"""

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import workbook
from workbook.diagnosis.interventions.intervention import Setting
from workbook.diagnosis.process import hook, program
from workbook.diagnosis.process.hook import rows_of
from workbook.diagnosis.target import target
from workbook.tracefile import container, recording
from workbook.tracefile.recording import Options, finished
from workbook.tracefile.tape import Tape
from workbook.tracefile.taping import OPERATIONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("target", nargs="?", metavar="FILE.py:FUNCTION", help="what is recorded")
    add("-o", "--output", type=Path, metavar="FILE.wbt", help="the file to write")
    add("--show", type=Path, metavar="FILE.wbt", help="print what a file holds")
    secret = "a file with a passphrase: nobody else finds values"
    add("--key", type=Path, metavar="FILE", help=secret)
    sums = "keep sums of tensors below 64 elements: their values"
    add("--small", action="store_true", help=sums)
    add("--no-lines", action="store_true", help="keep no line of the program")
    most = f"keep so many operations at most (default {OPERATIONS})"
    add("--operations", type=int, default=OPERATIONS, metavar="N", help=most)


def main(arguments: argparse.Namespace) -> int:
    """Record or show; the exit status."""
    try:
        if arguments.show is not None:
            sys.stdout.write(shown(container.load(arguments.show)) + "\n")
            return 0
        _check(arguments)
        if arguments.program:
            tapes = _run(arguments.program, _options(arguments))
        else:
            tapes = {"": _called(arguments.target, _options(arguments))}
        for rank, tape in tapes.items():
            _write(tape, arguments.output.with_suffix(f"{rank}.wbt"))
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raise ValueError for words that do not fit one another."""
    if arguments.output is None or bool(arguments.target) == bool(arguments.program):
        raise ValueError(
            "type what is to be recorded, and where: python -m workbook trace -o here.wbt "
            "FILE.py:FUNCTION, or python -m workbook trace -o here.wbt -- python train.py"
        )
    if arguments.output.suffix != ".wbt":
        raise ValueError(f"a trace file's name ends in .wbt, got {arguments.output}")
    if arguments.operations < 1:
        raise ValueError(f"--operations must be at least 1, got {arguments.operations}")


def _options(arguments: argparse.Namespace) -> Options:
    key = arguments.key.read_bytes().strip() if arguments.key else b""
    if arguments.key and not 8 <= len(key) <= 64:
        raise ValueError(f"a key has 8 to 64 bytes, {arguments.key.name} has {len(key)}")
    return Options(key, arguments.small, not arguments.no_lines, arguments.operations)


def _called(target: str, options: Options) -> Tape:
    """Run the function here and give its tape; an error of the program is written into the head."""
    function, name = _function(target)
    ended = ""
    with options.watch() as watch:
        try:
            function()
        except Exception as error:
            ended = f"{type(error).__name__}: {error}"
    return finished(watch, name, options, ended=ended)


def _run(words: list[str], options: Options) -> dict[str, Tape]:
    """Run a command line as it was typed; its tape, or one for each rank where there are ranks."""
    target = shlex.join([os.path.basename(w) if os.path.exists(w) else w for w in words])
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        plan = {"root": _ROOT, "folder": folder, "set": {}, "writable": [os.sep]}
        more = {"module": recording.__name__, "target": target, "options": options.to_json()}
        Path(folder, "plan.json").write_text(json.dumps({**plan, **more}))
        path = [str(Path(hook.__file__).parent), *filter(None, (os.environ.get("PYTHONPATH"),))]
        environment = {"PYTHONPATH": os.pathsep.join(path), "WORKBOOK_RUN": folder}
        try:
            status = subprocess.run(words, env={**os.environ, **environment}).returncode
        except OSError as problem:
            raise ValueError(f"{words[0]} cannot be run: {problem.strerror}") from problem
        rows = [row for part in rows_of(Path(folder)).values() for row in part]
        made = [row for row in rows if row["kind"] == "tape" and row["operations"]]
        if not made:
            raise ValueError(_nothing(target, rows, status))
        if ranks := {row["rank"]: row for row in made if row["rank"] is not None}:
            chosen = {f".rank{rank}": row for rank, row in sorted(ranks.items())}
        else:
            chosen = {"": max(made, key=lambda row: row["operations"])}
        return {rank: container.load(Path(folder, row["name"])) for rank, row in chosen.items()}


_ROOT = str(Path(workbook.__file__).parents[1])


def _nothing(target: str, rows: list[dict[str, Any]], status: int) -> str:
    """Say why a command left no trace, in a sentence."""
    failed = [row["text"] for row in rows if row["kind"] == "failed"]
    ended = f" (it ended with exit status {status})" if status else ""
    if failed:
        return f"{target} could not be watched{ended}: {failed[0]}"
    if not any(row["kind"] == "start" for row in rows):
        return f"no Python that can be watched was started by {target}{ended}"
    return f"{target} ended without an operation of torch, or was killed{ended}"


def _write(tape: Tape, path: Path) -> None:
    container.save(tape, path)
    sys.stdout.write(
        f"{len(tape)} operations and {len(tape.steps())} steps in {path} "
        f"({path.stat().st_size / 1000:.0f} kB)\n"
    )
    if tape.head["ended"]:
        sys.stdout.write(f"the program ended early: {tape.head['ended']}\n")


def shown(tape: Tape) -> str:
    """Say what a trace file holds, in words."""
    head = tape.head
    ended = f"; it ended early: {head['ended']}" if head["ended"] else ""
    more = "" if head["complete"] else " (the run had more operations)"
    key = "with a key" if head["key"] else "(who guesses a small tensor can check the guess)"
    small = "none below 64 elements"
    if tape.small:
        small = "small ones too: their values can be computed"
    lines = [
        f"{head['target']}, recorded {head['date']}{ended}",
        f"{len(tape)} operations, {len(tape.steps())} steps, {len(tape.draws)} draws{more}",
        f"{len(tape.columns['hashes'])} tensors: of each its dtype, its shape and a hash {key}",
        f"{len(tape.columns['norms'])} of them with a norm and eight signed sums, {small}",
        "No tensor is in it.",
        "",
    ]
    for table in ("facts", "switches", "bits", "files"):
        lines += [f"{table}:"] + [f"  {name}: {text}" for name, text in head[table].items()]
    lines += ["", "words (operations, modules, lines, kinds):", f"  {json.dumps(tape.words)}"]
    return "\n".join(lines)


def _function(text: str) -> tuple[Any, str]:
    """Load the function that FILE.py:FUNCTION names; ValueError where it names none."""
    named = target(text)
    file = named.path
    sys.path.insert(0, str(file.parent))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = program.load(str(file), named.module or file.stem, Setting())
            return program.entry(module, named.name, str(file)), named.words
    except program.CannotRun as problem:
        raise ValueError(str(problem)) from None
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        raise ValueError(f"{file.name} could not be loaded: {words}") from error
