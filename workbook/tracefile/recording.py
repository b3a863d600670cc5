"""The options of a recording, and the finished recording: a watched run with a head.

Owns the options, as they travel to another process, and the head: the machine's fingerprint, the
switches, and a hash of each of the program's files. The head names no person, computer or network,
and no folder. A user's process is recorded from the end of its import of torch until it exits; of a
process that is killed nothing is kept.
"""

import atexit
import datetime
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import workbook
from workbook.conditions import readings
from workbook.fingerprint import take
from workbook.trace.places import files_seen, is_user_file
from workbook.tracefile import container
from workbook.tracefile.tape import Tape
from workbook.tracefile.taping import OPERATIONS, Watch


@dataclass(frozen=True)
class Options:
    """The options of a `Watch`, as plain data."""

    key: bytes = b""
    small: bool = False
    lines: bool = True
    operations: int = OPERATIONS

    def watch(self) -> Watch:
        """Make the watch."""
        return Watch(key=self.key, small=self.small, lines=self.lines, operations=self.operations)

    def to_json(self) -> list[Any]:
        """Give the options as plain data."""
        return [self.key.hex(), self.small, self.lines, self.operations]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Options":
        """Read what `to_json` gave."""
        return cls(bytes.fromhex(data[0]), *data[1:])


def finished(watch: Watch, target: str, options: Options, *, ended: str) -> Tape:
    """Put the head on a watched run's tape; without lines the program's files are left out, too."""
    made = head(target, key=options.key, ended=ended, complete=not watch.full)
    watch.tape.head = {**made, "devices": ", ".join(sorted(watch.devices))}
    if not options.lines:
        watch.tape.head |= {"files": {}, "ended": ended.partition(":")[0]}
    return watch.tape


def head(
    target: str, *, key: bytes = b"", ended: str = "", complete: bool = True
) -> dict[str, Any]:
    """Read the conditions as they are at the end of a run; the checks take about a second."""
    switches, files = readings(), _files(key)
    taken = take()
    return {
        "target": target,
        "date": datetime.date.today().isoformat(),
        "workbook": workbook.__version__,
        "key": keyed(key, b"the key itself") if key else "",
        "ended": ended,
        "complete": complete,
        "facts": dict(taken.facts),
        "bits": {name: code for name, code in taken.bits.items() if "simulated" not in name},
        "switches": switches,
        "files": files,
    }


def keyed(key: bytes, data: bytes) -> str:
    """Give a hash of some bytes, 12 hexadecimal digits, with a key or without."""
    return hashlib.blake2b(data, digest_size=6, key=key).hexdigest()


def _files(key: bytes) -> dict[str, str]:
    """Hash each file of the program that is loaded, by its name without a folder."""
    codes_by_name: dict[str, list[str]] = {}
    names = [str(getattr(module, "__file__", None)) for module in list(sys.modules.values())]
    for name in {*names, *files_seen()}:  # a script is no longer a module when it has ended
        if name.endswith(".py") and is_user_file(name) and os.path.isfile(name):
            with open(name, "rb") as file:
                code = keyed(key, file.read())
            codes_by_name.setdefault(os.path.basename(name), []).append(code)
    return {name: " ".join(sorted(codes)) for name, codes in sorted(codes_by_name.items())}


def begin(plan: dict[str, Any], note: Callable[..., None]) -> None:
    """Record this process from now on, as the plan says; the hook calls it."""
    options, pid = Options.from_json(plan["options"]), os.getpid()
    watch = options.watch()
    watch.__enter__()

    def end() -> None:
        if os.getpid() != pid:  # a fork of it
            return
        watch.__exit__()
        last = getattr(sys, "last_value", None)  # the error that ended the program, if one did
        ended = f"{type(last).__name__}: {last}" if last is not None else ""
        tape, name = finished(watch, plan["target"], options, ended=ended), f"trace-{pid}.wbt"
        container.save(tape, Path(plan["folder"], name))
        note("tape", name=name, rank=os.environ.get("RANK"), operations=len(tape))

    atexit.register(end)
