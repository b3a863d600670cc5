"""One run of the user's code, inside a child process: prepare, load, call, write down.

Owns the order in which a run is set up and what is written of each call. The request is plain
data; so is the reply, written again after every call so that a run that never ends leaves what it
had. Patches stay: the process ends with the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis import arguments, holding, modes, streams, switches, training, windows
from workbook.diagnosis.batches import Batches
from workbook.diagnosis.facts import FACTS
from workbook.diagnosis.loading import (
    CPU_VARIABLES,
    CannotRun,
    entry,
    hold_cpu,
    listen,
    load,
    own_modules,
    refusals,
    settle,
    user_traceback,
)
from workbook.diagnosis.model import model_steps
from workbook.diagnosis.poison import Poison
from workbook.diagnosis.process.place import Place
from workbook.diagnosis.state import Snapshot
from workbook.diagnosis.values import NotComparable, save
from workbook.trace import Trace
from workbook.trace.modules import ModulePath

Request = dict[str, Any]
_MODES = {
    "double": modes.Double,
    "plain": modes.Plain,
    "rows": modes.Rows,
    "apart": modes.Apart,
    "cpu-draws": modes.OnCpu,
    "still": streams.Still,
}
_HELPERS = {"local-seeds": streams.local, "plain-arguments": arguments.plain}


def run(request: Request, folder: Path, place: Place | str) -> None:
    """Carry out a request and leave `reply.json`, results and traces in its folder.

    `place` is where this process may write, or a sentence that says why it has no such place.
    """
    reply: dict[str, Any] = {"outcomes": [], "facts": [], "changed": []}
    try:
        if isinstance(place, str):
            raise CannotRun(place)
        reply["guarded"] = place.guarded
        settle(request, place)
        _carry_out(request, folder, reply)
    except CannotRun as problem:
        reply["cannot"] = str(problem)
    except Exception as error:
        reply["cannot"] = f"{type(error).__name__}: {error}"
        reply["traceback"] = user_traceback(error)
    except SystemExit as ending:
        reply["cannot"] = f"the program ended itself with exit status {ending.code}"
    _write(folder, reply)


def _write(folder: Path, reply: dict[str, Any]) -> None:
    reply["refused"] = refusals()
    partial = folder / "reply.part"
    partial.write_text(json.dumps(reply))
    partial.replace(folder / "reply.json")


def _carry_out(request: Request, folder: Path, reply: dict[str, Any]) -> None:
    on = frozenset(request["on"])
    with contextlib.ExitStack() as stack:
        batches = _prepare(request, on, stack)
        loaded = [load(path, name, on) for path, name in request["files"]]
        wanted = {step["name"] for step in request["steps"]}
        for module in loaded:
            batches.functions(module, wanted)
            if "keep-arguments" in on:
                arguments.functions(module, wanted, frozenset(request["split"]))
            for word, wrap in _HELPERS.items():
                if word in on:
                    arguments.wrapped(module, wanted, wrap)
        FACTS.counts["import seeds"] = FACTS.counts.get("seed torch", 0)
        steps = [
            entry(loaded[s["file"]], s["name"], request["files"][s["file"]][0])
            for s in request["steps"]
        ]
        reply["import"] = FACTS.to_json()
        built: dict[str, Any] = {}
        if request["kind"] == "model":
            steps, built = model_steps(steps[0], request)
        snapshot = Snapshot(own_modules(request), built)
        between = frozenset(request["between"])
        state = _generators()
        streams.Still.awake = True
        for number, function in enumerate(steps):
            if number:
                _between(between, snapshot, state)
            FACTS.start()
            trained = request["trained"]
            _TRAINED.clear()
            _TRAINED.update(trained[min(number, len(trained) - 1)] if trained else {})
            if "fork" in between and hasattr(os, "fork"):
                _in_fork(function, number, request, folder, reply)
            else:
                reply["outcomes"].append(_call(function, number, request, folder))
                reply["facts"].append(FACTS.to_json())
            reply["changed"].append(snapshot.changed())
            _write(folder, reply)


_TRAINED: dict[str, int] = {}


def _prepare(request: Request, on: frozenset[str], stack: contextlib.ExitStack) -> Batches:
    """Everything that is switched before the user's file is loaded, in the order that matters."""
    FACTS.start()
    listen()
    path = ModulePath()
    stack.enter_context(path)
    switches.install(on, _TRAINED, path)
    windows.install(on)
    training.backward(on, request.get("factors", []))
    training.Checkpoints(on).install()
    batches = Batches(frozenset(request.get("split", [])))
    batches.modules()
    if "forget" in on:
        arguments.forget()
    _ambient(request["set"], stack)
    epoch = (
        streams.Epoch("keyed" not in on, request["set"].get("rng") or 1)
        if on & {"keyed", "keyed-seeds"}
        else None
    )
    FACTS.start()
    if epoch is not None:
        streams.keyed_others(epoch)
    streams.seeds(on, epoch)
    for word, mode in _MODES.items():
        if word in on:
            stack.enter_context(mode())
    if epoch is not None:
        stack.enter_context(streams.KeyedDraws(epoch))
    if "double" in on:
        torch.set_default_dtype(torch.float64)
    if "copy-saved" in on:
        stack.enter_context(
            torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t)
        )
    if "hold-cpu" in on:
        hold_cpu()
    os.chdir(request["from"])
    sys.path.insert(0, str(Path(request["files"][0][0]).parent))
    sys.argv = [request["files"][0][0]]
    return batches


def _ambient(given: dict[str, Any], stack: contextlib.ExitStack) -> None:
    if given.get("capability"):
        os.environ.update(CPU_VARIABLES)
    torch.set_num_threads(given.get("threads") or 1)
    sys.setswitchinterval(given.get("switch") or 0.005)
    holding.generators(given.get("rng") or 1)
    holding.clock(given.get("clock") or 0, given["now"])
    holding.files(given.get("files") or "sorted")
    if given.get("poison"):
        stack.enter_context(Poison(given["poison"]))


def _generators() -> tuple[Any, ...]:
    return (
        streams.global_states(),
        holding.asked("entropy"),
        holding.asked("clock"),
    )


def _between(between: frozenset[str], snapshot: Snapshot, state: Any) -> None:
    if "rng" in between:
        streams.put_global_states(state[0])
        snapshot.rewind()
        holding.rewind("entropy", state[1])
    if "clock" in between:
        holding.rewind("clock", state[2])
    if "default-dtype" in between:
        torch.set_default_dtype(torch.float32)
    if "num-threads" in between:
        torch.set_num_threads(1)
    snapshot.put_back(between)


def _call(function: Any, number: int, request: Request, folder: Path) -> dict[str, Any]:
    trace = Trace(samples=True) if request.get("trace") else None
    with trace if trace is not None else contextlib.nullcontext():
        try:
            made = function()
        except Exception as error:
            return {
                "raised": f"{type(error).__name__}: {error}",
                "traceback": user_traceback(error),
            }
    if torch.get_default_dtype() != torch.float32:
        FACTS.add("left dtype")
    if torch.get_num_threads() != (request["set"].get("threads") or 1):
        FACTS.add("left threads")
    more: dict[str, Any] = {}
    if trace is not None:
        trace.save(folder / f"trace-{number}.npz")
        more["draws"] = [
            [d.generator, d.what, d.line, d.module, d.count, f"{d.value:x}"]
            for d in trace.draws[:1000]
        ]
    if made is None:
        raise CannotRun(
            f"{request['steps'][0]['name']} returns nothing; return what should be compared"
        )
    try:
        return {"leaves": save(made, folder, f"result-{number}"), **more}
    except NotComparable as problem:
        name = request["steps"][min(number, len(request["steps"]) - 1)]["name"]
        raise CannotRun(
            f"the result of {name} {problem}, which cannot be compared; return tensors, "
            "arrays, numbers, or lists, tuples and dicts of them"
        ) from None


def _in_fork(
    function: Any, number: int, request: Request, folder: Path, reply: dict[str, Any]
) -> None:
    pid = os.fork()
    note = folder / f"fork-{number}.json"
    if pid == 0:
        try:
            note.write_text(json.dumps([_call(function, number, request, folder), FACTS.to_json()]))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    outcome, facts = json.loads(note.read_text()) if note.exists() else ({"raised": "it ended"}, {})
    reply["outcomes"].append(outcome)
    reply["facts"].append(facts)
