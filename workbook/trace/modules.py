"""Which submodule is running, by its name in the outermost one.

Owns the hooks on every module's call, which are taken away again.
"""

import weakref
from typing import Any

import torch
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)


class ModulePath:
    """Which submodule is running, by the name it has in the outermost one."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._names: dict[int, str] = {}
        self._root: weakref.ref[torch.nn.Module] | None = None
        self._hooks: list[Any] = []

    def __enter__(self) -> None:
        self._hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _enter(self, module: torch.nn.Module, _: Any) -> None:
        if torch.compiler.is_compiling():
            return  # it would be compiled into the user's model
        if not self._stack and (self._root is None or self._root() is not module):
            self._root = weakref.ref(module)
            self._names = {id(part): name for name, part in module.named_modules()}
        name = self._names.get(id(module)) or type(module).__name__
        self._stack.append(name)

    def _leave(self, module: torch.nn.Module, _: Any, __: Any) -> None:
        if self._stack and not torch.compiler.is_compiling():
            self._stack.pop()

    def now(self) -> str:
        return self._stack[-1] if self._stack else ""
