"""The command line: `python -m workbook COMMAND`. A table of commands; each lives elsewhere.

Only the module of the command that was typed is imported: help comes without torch.
"""

import argparse
import gc
import importlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DESCRIPTION = "Shows why PyTorch gives different results, by changing one condition at a time."


@dataclass(frozen=True)
class Command:
    """A command's name, what it does, and the module with its `add_arguments` and `main`."""

    name: str
    help: str
    module: str


COMMANDS = (
    Command("claims", "what was stated beside what this machine measures", "ledger.command"),
    Command(
        "diagnose", "which condition changes the result of your own code", "diagnosis.terminal"
    ),
    Command(
        "fingerprint", "facts of this environment and the bits it gives", "fingerprint.command"
    ),
    Command("record", "record what a device measures, for readers without it", "recorder"),
    Command("trace", "write a run to a file, to be compared elsewhere", "diagnosis.tracing"),
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; 2 for words that do not fit."""
    words, program = _split(sys.argv[1:] if words is None else words)
    parser = argparse.ArgumentParser(prog="python -m workbook", description=DESCRIPTION)
    chooser = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    modules: dict[str, Any] = {}
    for row in COMMANDS:
        command = chooser.add_parser(row.name, help=row.help)
        if row.name in words:
            modules[row.name] = importlib.import_module(f"workbook.{row.module}")
            modules[row.name].add_arguments(command)
    arguments = parser.parse_args(words)
    arguments.program = program
    status: int = modules[arguments.command].main(arguments)
    return status


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take apart our own words and, after `--`, the command line of the user's."""
    at = list(words).index("--") if "--" in words else len(words)
    return list(words[:at]), list(words[at + 1 :])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # tidy up, then end
    try:
        status = main()
    except KeyboardInterrupt:  # before the command itself could say what it knew
        sys.stderr.write("interrupted before anything was known\n")
        status = 2
    gc.freeze()  # Python's last look through all of torch's objects takes longer than many runs
    sys.exit(status)
