"""torch's compiler, which is loaded when the program first asks for it.

Owns a module that stands for `torch._dynamo` until then. An optimizer asks the compiler to step
aside whenever it works, and to be told so, torch loads it: longer than most programs take.
"""

import contextlib
import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import torch

NAME = "torch._dynamo"


class _Later(types.ModuleType):
    """What eager code asks of the compiler; whatever else is asked for loads the real one."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._passed: list[Callable[..., Any]] = []

    def graph_break(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: nothing is being compiled."""

    def disable(self, fn: Any = None, recursive: bool = True, **more: Any) -> Any:
        """Give the function as it is: nothing is being compiled."""
        if fn is None:
            return lambda real: self.disable(real, recursive, **more)
        self._passed.append(fn)
        return fn

    def __getattr__(self, name: str) -> Any:
        """Load the compiler, and let the functions that it is to pass by be told again."""
        if name.startswith("__") and name != "__path__":  # somebody looks through all modules
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            for function in self._passed:
                vars(function).pop("__dynamo_disable", None)  # torch/_compile.py keeps it there
        return getattr(importlib.import_module(NAME), name)


def load() -> None:
    """Load the compiler now."""
    _ = importlib.import_module(NAME).config


def load_later() -> None:
    """Let torch go on without its compiler until the program wants something of it."""
    if NAME not in sys.modules:
        sys.modules[NAME] = torch._dynamo = _Later()


def use_once() -> None:
    """Compile something small: it loads and finds out what takes seconds the first time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with contextlib.suppress(Exception):  # no compiler: the user's run will say so
        torch.compile(torch.sin)(torch.ones(8))
        torch.compiler.reset()
    torch.set_num_threads(threads)
