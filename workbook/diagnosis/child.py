"""The process that runs the user's code: `python -m workbook.diagnosis.child`.

Owns the loop that reads requests (one JSON line each) and forks a process for each of them, so
that every run starts from the same untouched interpreter. With `--once` (for systems where forking
is not safe) it serves one request and ends, and the next one gets a new interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any


def serve(*, once: bool) -> None:
    """Answer requests until the input ends; the answers lie in each request's folder."""
    import numpy.random  # noqa: F401  (loaded before the fork, so that no run pays for it)
    import torch  # noqa: F401  (the same)

    import workbook.diagnosis.running as running

    say = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        request = json.loads(line)
        if "import" in request:
            for name in request["import"]:
                __import__(name)
            if "torch._inductor.compile_fx" in request["import"] and not once:  # forks inherit it
                _compile_once()
            continue
        if once:
            say.write("0\n")
            _run(running, request)
            say.write("done 0\n")
            return
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                _run(running, request)
                code = 0
            finally:
                os._exit(code)
        say.write(f"{pid}\n")
        _, status = os.waitpid(pid, 0)
        say.write(f"done {status}\n")


def _compile_once() -> None:
    """Compile something small: it loads and finds out what takes seconds the first time."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with contextlib.suppress(Exception):  # no compiler: the user's run will say so
        torch.compile(torch.sin)(torch.ones(8))
        torch.compiler.reset()
    torch.set_num_threads(threads)


def _run(running: Any, request: dict[str, Any]) -> None:
    folder = Path(request["folder"])
    for number, name in ((1, "printed.txt"), (2, "warned.txt")):
        with (folder / name).open("ab") as out:
            os.dup2(out.fileno(), number)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    running.run(request, folder)
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    serve(once="--once" in sys.argv)
