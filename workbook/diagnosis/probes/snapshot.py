"""What a program keeps between calls: everything reachable from the user's own modules.

Owns the walk, the snapshot and when it is put back. Each thing found has a name
(`MODEL.bn.running_mean`, `DATA`) and one of four kinds: gradient, module, data, state.
"""

import ast
import collections
import copy
import functools
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.probes.contents import SIMPLE, Place, Thing, differs, restore, wound
from workbook.diagnosis.probes.generators import GENERATORS, get_state, put_state

_MOST = 20_000  # things looked at


def handed(module: types.ModuleType) -> set[str]:
    """Name the variables that a module's text hands to functions of its own, as arguments.

    What a function is given is data; what it reaches by a name of the module's is state.
    """
    try:
        tree = ast.parse(Path(str(module.__file__)).read_bytes())
    except (AttributeError, OSError, SyntaxError, ValueError):  # it has no file
        return set()
    nodes = list(ast.walk(tree))
    own = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    calls = [c for c in calls if getattr(c.func, "id", getattr(c.func, "attr", "")) in own]
    values = [v for c in calls for v in (*c.args, *(word.value for word in c.keywords))]
    return {value.id for value in values if isinstance(value, ast.Name)}


class Snapshot:
    """The contents of everything that the given modules reach, taken when it is made."""

    def __init__(self, modules: list[types.ModuleType], more: dict[str, Any]) -> None:
        self.things: list[Thing] = []
        self._keep = self.things.append
        self.generators: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        self._files = {module.__name__ for module in modules}
        self._given = {name for module in modules for name in handed(module)}
        for module in modules:
            held = {k: v for k, v in vars(module).items() if not k.startswith("__")}
            self._keep(Thing("", "state", vars(module), held))
            for name, value in held.items():
                self._iterator(value, Place(vars(module), name), name, "")
                self._walk(value, name, "")
        for name, value in more.items():
            self._walk(value, name, "")

    def rewind(self) -> None:
        """Give the program's own generators the state that they had."""
        for generator, state in self.generators:
            put_state(generator, state)

    def _walk(self, value: Any, name: str, inside: str) -> None:
        if isinstance(value, SIMPLE) or id(value) in self._seen or len(self.things) > _MOST:
            return
        self._seen.add(id(value))
        if isinstance(value, torch.Tensor):
            self._tensor(value, name, inside)
        elif isinstance(value, np.ndarray):
            self._keep(Thing(name, inside or "data", value, value.copy()))
        elif isinstance(value, dict):
            plain = all(isinstance(item, SIMPLE) for item in value.values())  # a record, or empty
            state = plain and name not in self._given
            self._keep(Thing(name, inside or ("state" if state else "data"), value, dict(value)))
            for key, item in list(value.items()):
                self._iterator(item, Place(value, key), f"{name}[{key!r}]", inside)
                self._walk(item, f"{name}[{key!r}]", inside)
        elif isinstance(value, (list, collections.deque, set, bytearray)):
            data = value or name in self._given
            self._keep(Thing(name, inside or ("data" if data else "state"), value, value.copy()))
            for index, item in enumerate(list(value)):
                self._walk(item, f"{name}[{index}]", inside)
        elif isinstance(value, (tuple, frozenset)):
            for index, item in enumerate(value):
                self._walk(item, f"{name}[{index}]", inside)
        elif isinstance(value, (types.FunctionType, functools._lru_cache_wrapper)):
            self._function(value, name)
        elif isinstance(value, type):
            if value.__module__ in self._files:
                self._object(value, name, "state")
                for label, item in vars(value).items():
                    if label.startswith("__") and isinstance(item, types.FunctionType):
                        self._walk(item, f"{name}.{label}", "")
        elif isinstance(value, (staticmethod, classmethod)):
            self._walk(value.__func__, name, "")
        elif isinstance(value, functools.partial):
            self._walk((value.func, value.args, value.keywords), name, inside)
        elif isinstance(value, GENERATORS):
            self.generators.append((value, get_state(value)))
        elif isinstance(value, types.ModuleType):
            return
        elif hasattr(value, "__dict__") and not callable(getattr(value, "__next__", None)):
            self._object(value, name, "module")

    def _iterator(self, value: Any, place: Place, name: str, inside: str) -> None:
        if wound(value) is not None:
            self._keep(Thing(name, inside or "state", place, copy.copy(value)))

    def _tensor(self, value: torch.Tensor, name: str, inside: str) -> None:
        if value.layout is not torch.strided or value.device.type == "meta":
            return
        kind = inside or "data"
        self._keep(Thing(name, kind, value, value.detach().clone()))
        if value.requires_grad and value.is_leaf:
            grad = None if value.grad is None else value.grad.detach().clone()
            self._keep(Thing(f"{name}.grad", "gradient", value, grad))

    def _function(self, value: Any, name: str) -> None:
        if isinstance(value, functools._lru_cache_wrapper):
            self._keep(Thing(f"{name} (its cache)", "state", value, value.cache_info().currsize))
            value = value.__wrapped__
        if getattr(value, "__module__", "") not in self._files:
            return
        for number, item in enumerate(value.__defaults__ or ()):
            names = value.__code__.co_varnames[: value.__code__.co_argcount]
            self._walk(item, f"{name}({names[number - len(value.__defaults__)]})", "")
        for key, item in (value.__kwdefaults__ or {}).items():
            self._walk(item, f"{name}({key})", "")
        self._keep(Thing(name, "state", value.__dict__, dict(value.__dict__)))
        for item in value.__dict__.values():
            self._walk(item, name, "")
        free = value.__code__.co_freevars
        for label, cell in zip(free, value.__closure__ or (), strict=False):
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            self._keep(Thing(f"{name}.{label}", "state", cell, held))
            self._iterator(held, Place(cell, None), f"{name}.{label}", "")
            self._walk(held, f"{name}.{label}", "")

    def _object(self, value: Any, name: str, inside: str) -> None:
        held = {k: v for k, v in vars(value).items() if not k.startswith("__")}
        self._keep(Thing(name, inside, value if isinstance(value, type) else vars(value), held))
        parts = value.named_children() if isinstance(value, torch.nn.Module) else ()
        for label, part in parts:
            self._walk(part, f"{name}.{label}", inside)
        for label, item in held.items():
            if label in ("_parameters", "_buffers") and isinstance(item, dict):
                self._keep(Thing(name, inside, item, dict(item)))
                for key, tensor in item.items():
                    self._walk(tensor, f"{name}.{key}", inside)
            elif label != "_modules":
                if not isinstance(value, type):
                    self._iterator(item, Place(vars(value), label), f"{name}.{label}", inside)
                self._walk(item, f"{name}.{label}", inside)

    def changed(self) -> list[tuple[str, str]]:
        """Give the names and kinds of what no longer holds what it held."""
        return [(thing.name, thing.kind) for thing in self.things if differs(thing)]

    def put_back(self, kinds: frozenset[str]) -> None:
        """Give everything of these kinds what it held; `put_back` may be called again."""
        for thing in self.things:
            if thing.kind in kinds and differs(thing):
                restore(thing)
