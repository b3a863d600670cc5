"""One run of the user's code, inside a child process: prepare, load, call, write down.

Owns the order in which a run is set up and what is written of each call. The request is plain
data; so is the result, written again after every call so that a run that never ends leaves what it
had. Patches stay: the process ends with the run.
"""

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workbook.devices import presence
from workbook.diagnosis.interventions import put_back, streams
from workbook.diagnosis.interventions.devices import enough
from workbook.diagnosis.interventions.intervention import Setting, Stage
from workbook.diagnosis.interventions.rows import ROWS, install, put_on
from workbook.diagnosis.interventions.surroundings import LEFTOVERS, THREADS
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.snapshot import Snapshot
from workbook.diagnosis.probes.values import NotComparable, save
from workbook.diagnosis.process import command_run
from workbook.diagnosis.process.place import Place, made, restore
from workbook.diagnosis.process.program import (
    OBJECTS,
    REFUSED,
    CannotRun,
    entry,
    left,
    listen,
    load,
    own_modules,
    settle,
    user_traceback,
)
from workbook.diagnosis.process.run import keep, said
from workbook.diagnosis.process.variants import model_steps
from workbook.trace import Trace

Request = dict[str, Any]
_TORCHS = frozenset(("torch", "numpy", "sympy", "mpmath", "networkx", "jinja2", "filelock"))
_CONTEXT = 1 << 30  # bytes that a driver and its libraries take in each process


def run(request: Request, folder: Path, place: Place | str) -> None:
    """Carry out a request and leave `result.json`, results and traces in its folder.

    `place` is where this process may write, or a sentence that says why it has no such place. A run
    that is to start with what an earlier one left is that one where none is left.
    """
    if request.pop("twice", False) and sys.platform == "linux":  # a fork is safe
        _in_fork(lambda: run(request, folder, place))
        if not made(folder):
            return
    result: dict[str, Any] = {"outcomes": [], "facts": [], "changed": []}
    clock, began = time.perf_counter, time.perf_counter()  # kept: a run is given another clock
    known = set(sys.modules)
    try:
        if isinstance(place, str):
            raise CannotRun(place)
        result["guarded"], result["way"] = place.guarded, place.way
        settle(request, place)
        left(name for name, _ in made(folder))
        _carry_out(request, folder, result, place, known)
    except CannotRun as problem:
        result["cannot"] = str(problem)
    except Exception as error:
        result["cannot"] = f"{type(error).__name__}: {error}"
        result["traceback"] = user_traceback(error)
    except SystemExit as ending:
        result["cannot"] = f"the program ended itself with exit status {ending.code}"
        sys.stderr.flush()
        result["said"] = said(folder, "warned.txt")  # argparse's words, mostly
    result["seconds"] = clock() - began
    result["memory"] = _memory()
    result["loaded"] = sorted(name for name in set(sys.modules) - known if _is_torchs(name))
    _write(folder, result)


def _is_torchs(name: str) -> bool:
    """Whether a module belongs to torch, to what torch needs, or to Python."""
    top = name.partition(".")[0]
    return (top in _TORCHS or top in sys.stdlib_module_names) and bool(
        getattr(sys.modules[name], "__file__", None)
    )


def _memory() -> list[int]:
    """Bytes that are free on the accelerator, and that this run took there; empty without one."""
    accelerator = presence.started()
    if not hasattr(accelerator, "mem_get_info"):
        return []
    taken = accelerator.max_memory_reserved()
    return [accelerator.mem_get_info()[0], taken + _CONTEXT]


def _write(folder: Path, result: dict[str, Any]) -> None:
    command_run.write(folder, {**result, "refused": list(REFUSED)[:100]})


def _carry_out(
    request: Request, folder: Path, result: dict[str, Any], place: Place, known: set[str]
) -> None:
    with contextlib.ExitStack() as stack:
        run = _prepared(request, stack)
        run.modules = [load(path, name, run) for path, name in request["files"]]
        run.entries = frozenset(step["name"].partition("(")[0] for step in request["steps"])
        install(Stage.PROGRAM, run)
        calls = [
            entry(run.modules[s["file"]], s["name"], request["files"][s["file"]][0])
            for s in request["steps"]
        ]
        built: dict[str, Any] = {}
        if request["kind"] == "model":
            calls, built = model_steps(calls[0], request)
        result["import"] = FACTS.to_json()  # of all that comes before the first call
        was = put_back.Before(
            Snapshot(own_modules(request, known), {**built, **OBJECTS}),
            lambda: restore(folder, place),
        )
        streams.Still.awake = True
        between, request["last"] = frozenset(request["between"]), len(calls) - 1
        spent = 0.0
        for number, function in enumerate(calls):
            if number and request["looks"] and enough(number, spent):
                break
            for row in ROWS if number else ():
                if row.put_back and row.name in between:
                    row.put_back(was)
            left(name for name, _ in made(folder))  # lists folders, which is no fact of the program
            FACTS.start()
            trained = request["trained"]
            run.trained.clear()
            run.trained.update(trained[min(number, len(trained) - 1)] if trained else {})
            if put_back.FORK.name in between and hasattr(os, "fork"):
                outcome, facts = _forked(function, number, request, folder)
                result["outcomes"].append(outcome)
                result["facts"].append(facts)
            else:
                began = time.perf_counter()
                result["outcomes"].append(_call(function, number, request, folder))
                spent += time.perf_counter() - began
                result["facts"].append(FACTS.to_json())
            result["changed"].append(was.snapshot.changed())
            _write(folder, result)
        result["changed"][-1] += [
            (os.path.relpath(name), LEFTOVERS.name) for name, _ in made(folder)
        ]


def _prepared(request: Request, stack: contextlib.ExitStack) -> Setting:
    """Everything that is switched before the user's file is loaded, in the order that matters."""
    listen()
    if request["one_queue"]:
        os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "1")  # CUDA reads it when it starts
    run = put_on(request, stack)
    steps.watch(0)
    os.chdir(request["from"])
    sys.path.insert(0, str(Path(request["files"][0][0]).parent))
    sys.argv = [request["files"][0][0]]
    return run


def _call(function: Any, number: int, request: Request, folder: Path) -> dict[str, Any]:
    trace = Trace(samples=True) if request.get("trace") else None
    # a call that is not the last goes to its end: the next one begins where it left off
    if number == request["last"]:
        steps.stop_at(request["stop"])
    else:
        steps.stop_at(request["stop"] if trace else 0, lambda: setattr(trace, "paused", True))
    stopped = False
    made: Any = None
    with trace if trace is not None else contextlib.nullcontext():
        try:
            made = function()
        except steps.Stopped:
            stopped = True
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            return {"raised": words, "traceback": user_traceback(error)}
    if torch.get_default_dtype() != torch.float32:
        FACTS.add(Fact.LEAVES_DTYPE)
    if torch.get_num_threads() != (request["set"].get(THREADS.name) or 1):
        FACTS.add(Fact.LEAVES_THREADS)
    more: dict[str, Any] = {}
    if trace is not None:
        more["draws"] = keep(trace, folder / f"trace-{number}.npz")
    if stopped:
        return {"raised": "stopped", **more}
    if made is None:
        raise CannotRun(
            f"{request['steps'][0]['name']} returns nothing; return what should be compared, or "
            "let the whole script run, which is compared by what it computes and prints: "
            f"diagnose -- python {shlex.quote(os.path.relpath(request['files'][0][0]))}"
        )
    try:
        return {"leaves": save(made, folder, f"result-{number}"), **more}
    except NotComparable as problem:
        name = request["steps"][min(number, len(request["steps"]) - 1)]["name"]
        raise CannotRun(
            f"the result of {name} {problem}, which cannot be compared; return tensors, "
            "arrays, numbers, or lists, tuples and dicts of them"
        ) from None


def _in_fork(work: Callable[[], object]) -> None:
    """Do something in a fork of this process, and wait for its end."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _forked(function: Any, number: int, request: Request, folder: Path) -> list[dict[str, Any]]:
    """Make a call in a fork; its outcome, and its facts."""
    note = folder / f"fork-{number}.json"

    def call() -> None:
        outcome = _call(function, number, request, folder)
        note.write_text(json.dumps([outcome, FACTS.to_json()]))

    _in_fork(call)
    made: list[dict[str, Any]] = [{"raised": "it ended"}, {}]
    return json.loads(note.read_text()) if note.exists() else made
