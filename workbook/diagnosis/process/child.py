"""The process that runs the user's code: `python -m workbook.diagnosis.process.child`.

Owns the loop that reads requests (one JSON line each) and forks a process for each of them, so
that every run starts from the same untouched interpreter; several go on at the same time. With
`--once` (for systems where forking is not safe) it serves one request and ends, and the next one
gets a new interpreter.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook.diagnosis.process import command, place
from workbook.diagnosis.process.interpreter import kill

_PR_SET_PDEATHSIG = 1
_STARTS_CUDA = ("torch._inductor", "triton")


def serve(*, once: bool, commands: bool = False) -> None:
    """Answer requests until the input ends; the answers lie in each request's folder.

    With `commands` they are for command lines, which load what they need themselves.
    """
    running: Any = command if commands else _with_torch()
    out = os.dup(1)

    def say(words: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody listens; the end of the input is next
            os.write(out, f"{words}\n".encode())

    if once:
        _serve_one(running, say)
    else:
        _serve_forks(running, say)


def _with_torch() -> Any:
    """Load what runs of functions need, before the fork, so that no run pays for it."""
    import torch  # noqa: F401

    import workbook.diagnosis.process.execution as running
    from workbook.diagnosis.process import compiler

    compiler.load_later()
    return running


def _serve_one(running: Any, say: Callable[[str], None]) -> None:
    """Answer one request in this process."""
    for line in sys.stdin:
        request = json.loads(line)
        if "import" in request:
            _load(request["import"])
            continue
        say(f"began {request['number']} 0")
        threading.Thread(target=_watch, args=(os.dup(0),), daemon=True).start()
        _run(running, request)
        say(f"done {request['number']}")
        return


def _serve_forks(running: Any, say: Callable[[str], None]) -> None:
    """Answer each request in a fork of this process, several at the same time."""
    heard, told = os.pipe()
    for end in (heard, told):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # a run that ends wakes the loop below
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    waiting = select.poll()
    for source in (0, heard):
        waiting.register(source, select.POLLIN)
    runs: dict[int, int] = {}  # process -> number of the request
    rest = b""
    while True:
        ready = dict(waiting.poll())
        if heard in ready:
            os.read(heard, 1 << 16)
            for pid in [pid for pid in runs if os.waitpid(pid, os.WNOHANG)[0]]:
                say(f"done {runs.pop(pid)}")
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if not data:  # whoever asked is gone
                for pid in runs:
                    kill(pid)
                return
            *lines, rest = (rest + data).split(b"\n")
            for request in map(json.loads, lines):
                if "import" in request:
                    _load(request["import"], forks=True)
                else:
                    pid = _forked(running, request)
                    runs[pid] = request["number"]
                    say(f"began {request['number']} {pid}")


def _forked(running: Any, request: dict[str, Any]) -> int:
    """Run a request in a fork; the process."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            _end_with_parent()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            _run(running, request)
            code = 0
        finally:
            os._exit(code)
    return pid


def _end_with_parent() -> None:
    """Let the kernel end this process with the one that forked it (Linux; see `man 2 prctl`)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _load(names: list[str], *, forks: bool = False) -> None:
    """Import modules, so that no run pays for it."""
    import torch

    from workbook.diagnosis.process import compiler

    cuda = forks and torch.backends.cuda.is_built()  # once it has started, no fork can use it
    for name in names:
        if name == compiler.NAME:
            compiler.load()
        elif not (cuda and name.startswith(_STARTS_CUDA)):
            with contextlib.suppress(ImportError):  # the run will say so
                importlib.import_module(name)
    if "torch._inductor.compile_fx" in names and forks and not cuda:  # forks inherit it
        _compile_once()


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
    where = _placed(request, folder)
    _end_with_parent()  # again: the kernel forgets it in a new user namespace
    running.run(request, folder, where)
    sys.stdout.flush()
    sys.stderr.flush()


def _placed(request: dict[str, Any], folder: Path) -> place.Place | str:
    """Give a place of its own for this process, or why there is none."""
    folders = [str(Path(path).parent) for path, _ in request["files"]] + [request["from"]]
    folders += request.get("folders", [])
    try:
        return place.enter(
            folders, Path(request["scratch"]), folder, request["temporary"], request["way"]
        )
    except place.TooLarge as problem:
        return str(problem)


if __name__ == "__main__":
    serve(once="--once" in sys.argv, commands="--commands" in sys.argv)
