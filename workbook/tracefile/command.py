"""`python -m workbook trace`: record a run into a file that can be compared anywhere.

Owns the arguments, the run of a function in this process, what `--show` prints and the exit status:
0 for a file that was written or shown, 2 for one that was not.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from workbook.tracefile import container
from workbook.tracefile.head import head
from workbook.tracefile.tape import Tape
from workbook.tracefile.watching import OPERATIONS, Watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("target", nargs="?", metavar="FILE.py:FUNCTION", help="what is recorded")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.wbt", help="the file to write")
    parser.add_argument("--show", type=Path, metavar="FILE.wbt", help="print what a file holds")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="a file with a passphrase: nobody else finds values",
    )
    parser.add_argument(
        "--small", action="store_true", help="keep sums of tensors below 64 elements: their values"
    )
    parser.add_argument("--no-lines", action="store_true", help="keep no line of the program")
    parser.add_argument(
        "--operations",
        type=int,
        default=OPERATIONS,
        metavar="N",
        help=f"keep so many operations at most (default {OPERATIONS})",
    )


def main(arguments: argparse.Namespace) -> int:
    """Record or show; the exit status."""
    try:
        if arguments.show is not None:
            sys.stdout.write(shown(container.load(arguments.show)) + "\n")
            return 0
        if arguments.output is None or arguments.target is None:
            raise ValueError(
                "type what is to be recorded, and where: "
                "python -m workbook trace -o here.wbt FILE.py:FUNCTION"
            )
        if arguments.operations < 1:
            raise ValueError(f"--operations must be at least 1, got {arguments.operations}")
        tape = recorded(arguments)
        container.save(tape, arguments.output)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    size = arguments.output.stat().st_size
    sys.stdout.write(
        f"{len(tape)} operations and {len(tape.steps())} steps in {arguments.output} "
        f"({size / 1000:.0f} kB)\n"
    )
    return 0


def recorded(arguments: argparse.Namespace) -> Tape:
    """Run the function and give its tape; an error of the program is written into the head."""
    function, name = _function(arguments.target)
    key = arguments.key.read_bytes().strip() if arguments.key else b""
    if arguments.key and not 8 <= len(key) <= 64:
        raise ValueError(f"a key has 8 to 64 bytes, {arguments.key.name} has {len(key)}")
    watch = Watch(
        key=key,
        small=arguments.small,
        lines=not arguments.no_lines,
        operations=arguments.operations,
    )
    ended = ""
    with watch:
        try:
            function()
        except Exception as error:
            ended = f"{type(error).__name__}: {error}"
    finish(watch, name, key=key, ended=ended)
    return watch.tape


def finish(watch: Watch, name: str, *, key: bytes, ended: str) -> None:
    """Put the head on a watched run's tape."""
    made = head(name, key=key, ended=ended, complete=not watch.full)
    watch.tape.head = {**made, "devices": ", ".join(sorted(watch.devices))}
    if not watch.lines:
        watch.tape.head |= {"files": {}, "ended": ended.partition(":")[0]}


def shown(tape: Tape) -> str:
    """Say what a trace file holds, in words."""
    head = tape.head
    values = len(tape.columns["hashes"])
    lines = [
        f"{head['target']}, recorded {head['date']}"
        + (f"; it ended early: {head['ended']}" if head["ended"] else ""),
        f"{len(tape)} operations, {len(tape.steps())} steps, {len(tape.draws)} draws"
        + ("" if head["complete"] else " (the run had more operations)"),
        f"{values} tensors: of each its dtype, its shape and a "
        + (
            "hash with a key"
            if head["key"]
            else "hash (who guesses a small tensor can check the guess)"
        ),
        f"{len(tape.columns['norms'])} of them with a norm and eight signed sums"
        + (
            ", small ones too: their values can be computed"
            if tape.small
            else ", none below 64 elements"
        ),
        "No tensor is in it.",
        "",
    ]
    for table in ("facts", "switches", "bits", "files"):
        lines += [f"{table}:"] + [f"  {name}: {text}" for name, text in head[table].items()]
    lines += ["", "words (operations, modules, lines, kinds):", f"  {json.dumps(tape.words)}"]
    return "\n".join(lines)


def _function(text: str) -> tuple[Any, str]:
    """Load the function that FILE.py:FUNCTION names; ValueError where it names none."""
    path, colon, name = text.rpartition(":")
    file = Path(path)
    if not colon or file.suffix != ".py" or not file.is_file():
        raise ValueError(f"name a function in a file as FILE.py:FUNCTION, got {text!r}")
    sys.path.insert(0, str(file.resolve().parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        with contextlib.redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(
            f"{file.name} could not be loaded: {type(error).__name__}: {error}"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"{file.name} has no function {name!r}")
    return function, f"{file.name}:{name}"
