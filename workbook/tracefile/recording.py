"""What is asked of a recording, and the whole of it: a watched run with its head.

Owns the options, as they travel to another process, and what is left out with them.
"""

from dataclasses import dataclass
from typing import Any

from workbook.tracefile.head import head
from workbook.tracefile.tape import Tape
from workbook.tracefile.taping import OPERATIONS, Watch


@dataclass(frozen=True)
class Options:
    """What `Watch` is told."""

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
