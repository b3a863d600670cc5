"""A process of the user's, recorded from the end of `import torch` until it ends.

Owns what the hook calls there. What a process had when it was killed is lost.
"""

import atexit
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook.tracefile import container
from workbook.tracefile.recording import Options, finished


def begin(plan: dict[str, Any], note: Callable[..., None]) -> None:
    """Record this process from now on, as the plan says."""
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
