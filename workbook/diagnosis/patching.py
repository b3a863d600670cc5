"""How a run replaces functions of torch, of Python and of the user, and holds switches of torch's.

Owns the rule that the replacement steps aside while torch compiles. Dynamo reads Python, and would
compile our counting into the user's model: its guards would fail at the second call, or the program
would be another than the one asked about.
"""

import functools
import inspect
import os
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from workbook.trace.places import is_user_file, line_of

Around = Callable[..., Any]


def aside(real: Callable[..., Any], patched: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that is `patched`, and is `real` while torch compiles."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return real(*args, **kwargs)
        return patched(*args, **kwargs)

    return call


def wrap(around: Around, owner: Any, *names: str) -> None:
    """Let each `owner.name` be `around(real, *args, **kwargs)`, `real` being what it was."""
    for name in names:
        real = getattr(owner, name)
        _replace(owner, name, aside(real, functools.partial(around, real)))


def _replace(owner: Any, name: str, function: Callable[..., Any]) -> None:
    """Let `owner.name` be this function, also where a property took the old one itself.

    `torch.backends.cudnn.enabled = False` does not look for its setter in `torch._C` again.
    """
    real = getattr(owner, name)
    setattr(owner, name, function)
    for flags in (torch.backends.cudnn, torch.backends.mkldnn) if owner is torch._C else ():
        for flag in vars(type(flags)).values():
            if getattr(flag, "setter", None) is real:
                flag.setter = function


def wrap_seeds(around: Around) -> None:
    """Let what seeds each library's global generator be `around(library, real, ...)`."""
    for library, owner, name in SEEDERS:
        wrap(functools.partial(around, library), owner, name)
    torch.random.manual_seed = torch.manual_seed


SEEDERS: tuple[tuple[str, Any, str], ...] = (
    ("torch", torch, "manual_seed"), ("numpy", np.random, "seed"), ("random", random, "seed"),
)  # fmt: skip


def wrap_named(around: Around, owner: Any, *names: str) -> None:
    """Let each `owner.name` be `around(real, given)`, which is given all arguments by name."""

    def named(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        bound = _signature(real).bind(*args, **kwargs)
        bound.apply_defaults()
        return around(real, bound.arguments)

    wrap(named, owner, *names)


_signature = functools.cache(inspect.signature)


def wrap_helpers(run: Any, around: Around, *special: str) -> None:
    """Let each helper and method of the user's, but for the entries, be `around(real, name, ...)`.

    `run` names the user's modules and the entries. Of the methods with two underscores only the
    `special` ones are wrapped.
    """
    for module in run.modules:
        for owner, label, name, real in functions_of(module):
            plain = owner is module or not label.startswith("__") or label in special
            if plain and name.partition(".")[0] not in run.entries:
                setattr(owner, label, aside(real, functools.partial(around, real, name)))


def functions_of(module: types.ModuleType) -> Iterator[tuple[Any, str, str, types.FunctionType]]:
    """Give the functions and methods that a module defines: owner, attribute, name, function."""
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isinstance(value, types.FunctionType):
            yield module, name, name, value
        elif isinstance(value, type):
            for label, method in list(vars(value).items()):
                if isinstance(method, types.FunctionType):
                    yield value, label, f"{name}.{label}", method


def caller() -> types.FrameType:
    """Give the frame that calls a wrapped function; only what is wrapped around it may ask."""
    return sys._getframe(3)  # beyond this function, the one that asks, and `aside`


def caller_of_operation() -> types.FrameType:
    """Give the frame that makes the operation a mode sees; only `__torch_dispatch__` may ask."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_filename.endswith(_ROUND_MODES):
        frame = frame.f_back
    return frame


_ROUND_MODES = ("_compile.py", "eval_frame.py")  # what keeps torch's compiler away from a mode


def by_user() -> bool:
    """Whether the user's own code calls what is wrapped, and no library does."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame is not None and is_user_file(frame.f_code.co_filename)


_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def line() -> str:
    """Name the nearest line of the user's, as `file.py:12`; "" where a library's thread runs."""
    return line_of(sys._getframe(1))


def keep(switches: dict[str, Any]) -> None:
    """Set switches of torch by their names in `torch._C`; let nothing that runs set them again.

    Each version of torch has some of them. None as a value leaves a switch as it is.
    """
    for name, value in switches.items():
        choose = getattr(torch._C, f"_set_{name}", None)
        if choose is None:
            continue
        if value is not None:
            choose(value)
        _replace(torch._C, f"_set_{name}", lambda *args, **kwargs: None)
