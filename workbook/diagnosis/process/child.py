"""The process that runs the user's code: `python -m workbook.diagnosis.process.child`.

Owns the loop that reads requests (one JSON line each) and forks a process for each of them, so
that every run starts from the same untouched interpreter. With `--once` (for systems where forking
is not safe) it serves one request and ends, and the next one gets a new interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from workbook.diagnosis.process import place
from workbook.diagnosis.process.interpreter import kill


def serve(*, once: bool) -> None:
    """Answer requests until the input ends; the answers lie in each request's folder."""
    import numpy.random  # noqa: F401  (loaded before the fork, so that no run pays for it)
    import torch  # noqa: F401  (the same)

    import workbook.diagnosis.process.execution as running

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
            threading.Thread(target=_watch, args=(os.dup(0),), daemon=True).start()
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
        with contextlib.suppress(BrokenPipeError):  # nobody listens; it is ended below
            say.write(f"{pid}\n")
        say.write(f"done {_ended(pid)}\n")


def _ended(pid: int) -> int:
    """Wait for a run; if whoever asked for it is gone, end it and this process, too."""
    with contextlib.suppress(AttributeError, OSError):  # a kernel before 5.3 cannot wait for both
        run = os.pidfd_open(pid)
        waiting = select.poll()
        waiting.register(run, select.POLLIN)
        waiting.register(0, 0)  # no events: only the end of the other side is heard
        heard = dict(waiting.poll())
        os.close(run)
        if run not in heard:
            kill(pid)
            sys.exit(1)
    return os.waitpid(pid, 0)[1]


def _watch(pipe: int) -> None:
    """End this process when whoever asked is gone; a run in it would go on for nobody."""
    while os.read(pipe, 1 << 10):
        pass
    kill(os.getpid())


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
    running.run(request, folder, _placed(request, folder))
    sys.stdout.flush()
    sys.stderr.flush()


def _placed(request: dict[str, Any], folder: Path) -> place.Place | str:
    """A place of its own for this process, or why there is none."""
    folders = [str(Path(path).parent) for path, _ in request["files"]] + [request["from"]]
    folders += request.get("folders", [])
    try:
        return place.enter(
            folders, Path(request["scratch"]), folder, request["temporary"], request["way"]
        )
    except place.TooLarge as problem:
        return str(problem)


if __name__ == "__main__":
    serve(once="--once" in sys.argv)
