"""Loading the user's file inside a child process, and watching what it does to the world.

Owns the sentences for code that cannot be looked at, the user's traceback, the note of what is
written outside of the run's place, and the variables that choose the CPU's instruction set.
"""

import importlib
import importlib.util
import inspect
import os
import shlex
import sys
import threading
import traceback
import types
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from workbook.diagnosis.interventions import source
from workbook.diagnosis.interventions.intervention import Setting
from workbook.diagnosis.interventions.numerics import CPU_VARIABLES
from workbook.diagnosis.interventions.rows import rewritten
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.process.place import Place
from workbook.trace.places import is_user_file

Request = dict[str, Any]
_PLACE: list[Place] = []  # where this run may write
OBJECTS: dict[str, Any] = {}  # whose methods are called, by the name of the class
_LEFT: set[str] = set()  # files that an earlier run, or call, has left
REFUSED: dict[str, None] = {}  # what it tried to write elsewhere
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


class CannotRun(Exception):
    """The user's code gave nothing to look at; the text is one sentence."""


def settle(request: Request, place: Place) -> None:
    """Let the request name the files as this run sees them."""
    _PLACE[:] = [place]
    request["files"] = [[place.inside(path), name] for path, name in request["files"]]
    request["from"] = place.inside(request["from"])


def left(names: Iterable[str]) -> None:
    """Note from now on which of these files are read, and no others."""
    _LEFT.clear()
    _LEFT.update(_PLACE[0].inside(name) for name in names)


def load(path: str, name: str, run: Setting) -> types.ModuleType:
    """Give the user's file as a module, rewritten where an active intervention asks for it."""
    if "." in name:  # of a package, whose root is where its first folder lies
        root = Path(path).parents[name.count(".") + (Path(path).stem == "__init__")]
        sys.path.insert(0, str(root))
        importlib.import_module(name.rpartition(".")[0])
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CannotRun(f"{Path(path).name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    for fact in _facts(path):
        FACTS.add(fact)
    changed = rewritten(path, run)
    if changed is None:
        spec.loader.exec_module(module)
    else:
        vars(module).update(changed[1])
        exec(compile(changed[0], path, "exec"), vars(module))
    return module


def _facts(path: str) -> set[Fact]:
    try:
        return source.facts(path)
    except (SyntaxError, ValueError):
        return set()  # loading it says so


def entry(module: types.ModuleType, name: str, path: str) -> Any:
    """Give the function of that name, if it can be called without arguments, or the call of it.

    A method is that of one object, made once. Arguments are read again for each call.
    """
    if "(" in name:
        code = compile(name, name, "eval")
        return lambda: eval(code, vars(module))
    if "." in name:
        return _method(module, name, path)
    function = getattr(module, name, None)
    if function is None:
        here = sorted(n for n, v in vars(module).items() if isinstance(v, types.FunctionType))
        raise CannotRun(
            f"{Path(path).name} has no function {name!r}; it has {', '.join(here) or 'none'}"
        )
    if not callable(function):
        raise CannotRun(
            f"{name} in {Path(path).name} is no function but a {type(function).__name__}"
        )
    try:
        needed = [
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.default is p.empty
            and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
    except (TypeError, ValueError):
        needed = []
    if needed:
        given = ", ".join(f"{parameter}=..." for parameter in needed)
        example = _typed(module, path, f"{name}({given})")
        raise CannotRun(
            f"{name} needs arguments ({', '.join(needed)}); give values in place of ...: {example}"
        )
    return function


def _typed(module: types.ModuleType, path: str, call: str) -> str:
    """Give a target as it is typed in a shell from where the diagnosis was started."""
    file = module.__name__ if "." in module.__name__ else os.path.relpath(path)
    return shlex.quote(f"{file}:{call}")


def _method(module: types.ModuleType, name: str, path: str) -> Any:
    """Give the method that a dotted name means, of an object made without arguments."""
    owner, _, last = name.rpartition(".")
    holder: Any = module
    for part in owner.split("."):
        holder = getattr(holder, part, None)
    if holder is None:
        raise CannotRun(f"{Path(path).name} has no {owner!r}")
    if isinstance(holder, type) and not isinstance(
        inspect.getattr_static(holder, last, None), (staticmethod, classmethod)
    ):
        try:
            holder = OBJECTS.setdefault(owner, OBJECTS.get(owner) or holder())
        except TypeError as problem:
            raise CannotRun(
                f"{owner} cannot be made without arguments ({problem}); give their values in "
                f"place of ...: {_typed(module, path, f'{owner}(...).{last}()')}"
            ) from None
    if not callable(getattr(holder, last, None)):
        raise CannotRun(f"{owner} has no method {last!r}")
    return getattr(holder, last)


def own_modules(request: Request, known: Collection[str]) -> list[types.ModuleType]:
    """Give the user's modules: the given files and what they import from beside them.

    `known` names the modules that were there before the program. They are not looked at: a fork
    copies the memory of each object that it looks at.
    """
    places = tuple(str(Path(path).parent) + os.sep for path, _ in request["files"])
    return [
        m
        for m in (sys.modules[name] for name in list(sys.modules) if name not in known)
        if isinstance(m, types.ModuleType)
        and str(getattr(m, "__file__", "") or "").startswith(places)
        and is_user_file(str(m.__file__))  # its environment may lie in the same folder
    ]


def user_traceback(error: BaseException) -> list[str]:
    """Give the user's own frames, in the files' real names."""
    rows = []
    for frame in traceback.extract_tb(error.__traceback__):
        if is_user_file(frame.filename):
            name = _PLACE[0].outside(frame.filename)
            rows.append(f'  File "{name}", line {frame.lineno}, in {frame.name}\n    {frame.line}')
    return rows


def listen() -> None:
    """Hear from now on what the program writes.

    CPython 3.10 and 3.11 tell of a trace function while they set it, and refuse a second thread
    that sets one meanwhile: that thread is gone, and what waits for it waits for ever. So threads
    of the program get no trace function (a debugger's or coverage's), and no profile function.
    """
    sys.addaudithook(_audit)
    for setter in ("settrace", "setprofile"):
        getattr(threading, setter)(None)
        setattr(threading, setter, lambda function: None)


def _audit(event: str, args: Any) -> None:
    """Note writes outside of the run's place, and variables that choose the instruction set."""
    if event == "open" and _PLACE and isinstance(args[0], str) and args[2] & _WRITES:
        name = os.path.abspath(args[0])
        if is_user_file(name) and not _PLACE[0].writes(name):
            REFUSED.setdefault(name)
    elif event == "open" and _LEFT and isinstance(args[0], str):
        if (name := os.path.realpath(args[0])) in _LEFT:
            FACTS.place("leftover-files", os.path.relpath(name))
    elif (
        event == "os.putenv"
        and str(args[0].decode() if isinstance(args[0], bytes) else args[0]) in CPU_VARIABLES
    ) or (event == "subprocess.Popen" and args[3] and set(args[3]) & set(CPU_VARIABLES)):
        FACTS.add(Fact.CPU_VARIABLES)
