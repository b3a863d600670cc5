"""The process that runs the user's code: `python -m workbook.diagnosis.process.child`.

Owns the loop that reads requests (one JSON line each) and forks a process for each of them, so
that every run starts from the same untouched interpreter; several go on at the same time. With
`--once` (for systems where forking is not safe) it serves one request and ends, and the next one
gets a new interpreter.
"""

import contextlib
import ctypes
import gc
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

from workbook.diagnosis.process import command_run, place
from workbook.diagnosis.process.interpreter import kill

Say = Callable[[str], None]
_PR_SET_PDEATHSIG = 1
_STARTS_XPU = ("torch._inductor", "triton")
_ASK_DRIVER = "PYTORCH_NVML_BASED_CUDA_CHECK"  # and not CUDA, whether there is a GPU


def serve(*, once: bool, commands: bool = False) -> None:
    """Carry out requests until the input ends; the results lie in each request's folder.

    With `commands` they are for command lines, which load what they need themselves.
    """
    running: Any = command_run if commands else _with_torch()
    say = speaker(os.dup(1))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if once:
        _serve_one(running, say)
    elif (request := forks(0, say)) is not None:
        try:
            _run(running, request, say)
            say(f"done {request['number']}")  # to give back a device takes longer than many runs
        finally:
            os._exit(0)


def speaker(out: int) -> Say:
    """Give what tells whoever asked, a line each, how far a request is."""

    def say(words: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody listens; the end of the input is next
            os.write(out, f"{words}\n".encode())

    return say


def _with_torch() -> Any:
    """Load what runs of functions need, before the fork, so that no run pays for it."""
    gc.disable()  # what is imported stays: to look through it again and again takes a tenth
    import torch  # noqa: F401

    import workbook.diagnosis.process.execution as running
    from workbook.diagnosis.process import compiler

    compiler.load_later()
    gc.enable()
    return running


def _serve_one(running: Any, say: Say) -> None:
    """Carry out one request in this process."""
    for line in sys.stdin:
        request = json.loads(line)
        if "import" in request:
            load(request["import"])
            continue
        say(f"began {request['number']} 0")
        threading.Thread(target=_watch, args=(os.dup(0),), daemon=True).start()
        _run(running, request, say)
        say(f"done {request['number']}")
        return


def forks(source: int, say: Say) -> dict[str, Any] | None:
    """Fork this process for each request that comes from `source`, several at the same time.

    Returns the request in each fork, and None in this process when the input has ended.
    """
    heard, told = os.pipe()
    for end in (heard, told):
        os.set_blocking(end, False)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)  # a run that ends wakes the loop
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    waiting = select.poll()
    for number in (source, heard):
        waiting.register(number, select.POLLIN)
    runs: dict[int, int] = {}  # process -> number of the request
    rest = b""
    while True:
        ready = dict(waiting.poll())
        if heard in ready:
            os.read(heard, 1 << 16)
            for pid in [pid for pid in runs if os.waitpid(pid, os.WNOHANG)[0]]:
                say(f"done {runs.pop(pid)}")
        if source in ready:
            data = os.read(source, 1 << 20)
            if not data:  # whoever asked is gone
                for pid in runs:
                    kill(pid)
                return None
            *lines, rest = (rest + data).split(b"\n")
            for request in map(json.loads, lines):
                if "import" in request:
                    load(request["import"], forks=True)
                    continue
                pid = os.fork()
                if pid == 0:
                    gc.freeze()  # torch's objects: a fork that looks through them copies them
                    os.setsid()
                    _end_with_parent()
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, before)
                    return dict(request)
                runs[pid] = request["number"]
                say(f"began {request['number']} {pid}")


def _end_with_parent() -> None:
    """Let the kernel end this process with the one that forked it (Linux; see `man 2 prctl`)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def load(names: list[str], *, forks: bool = False) -> None:
    """Import modules, so that no run pays for it.

    Many ask whether there is a GPU while they are imported. Once CUDA or XPU has been asked that,
    forks of this process cannot use it; the driver of CUDA can be asked.
    """
    import torch

    from workbook.devices import presence
    from workbook.diagnosis.process import compiler

    xpu = forks and getattr(torch._C, "_has_xpu", False)
    given = os.environ.get(_ASK_DRIVER)
    os.environ[_ASK_DRIVER] = "1"
    try:
        for name in names:
            if name == compiler.NAME:
                compiler.load()
            elif not (xpu and name.startswith(_STARTS_XPU)):
                with contextlib.suppress(ImportError):  # the run will say so
                    importlib.import_module(name)
    finally:
        del os.environ[_ASK_DRIVER]
        if given is not None:
            os.environ[_ASK_DRIVER] = given
    gpu = presence.built_for_gpu()  # whose properties the compiler asks for
    if "torch._inductor.compile_fx" in names and forks and not gpu:  # forks inherit it
        compiler.use_once()


def _watch(pipe: int) -> None:
    """End this process when whoever asked is gone; a run in it would go on for nobody."""
    while os.read(pipe, 1 << 10):
        pass
    kill(os.getpid())


def _run(running: Any, request: dict[str, Any], say: Say) -> None:
    own = settled(request)
    if running is not command_run:  # whose end tells, too, whether it took a port
        say(f"placed {request['number']} {getattr(own, 'way', 'none')}")
    running.run(request, Path(request["folder"]), own)
    sys.stdout.flush()
    sys.stderr.flush()


def settled(request: dict[str, Any]) -> place.Place | str:
    """Give this process files for what it writes, and a place of its own, or say why not."""
    folder = Path(request["folder"])
    for number, name in ((1, "printed.txt"), (2, "warned.txt")):
        with (folder / name).open("ab") as out:
            os.dup2(out.fileno(), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    folders = [str(Path(path).parent) for path, _ in request["files"]] + [request["from"]]
    folders += request.get("folders", [])
    try:
        return place.enter(
            folders, Path(request["scratch"]), folder, request["temporary"], request["way"]
        )
    except place.TooLarge as problem:
        return str(problem)
    finally:
        _end_with_parent()  # again: the kernel forgets it in a new user namespace


if __name__ == "__main__":
    serve(once="--once" in sys.argv, commands="--commands" in sys.argv)
