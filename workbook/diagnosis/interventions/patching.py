"""How a run replaces a function of torch, and keeps a switch of it from being set again.

Owns the rule that the replacement steps aside while torch compiles. Dynamo reads Python, and would
compile our counting into the user's model: its guards would fail at the second call, or the program
would be another than the one asked about.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch


def patch(owner: Any, name: str, patched: Callable[..., Any]) -> None:
    """Replace `owner.name` by `patched`, but for what torch compiles."""
    setattr(owner, name, aside(getattr(owner, name), patched))


def aside(real: Callable[..., Any], patched: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that is `patched`, and is `real` while torch compiles."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return real(*args, **kwargs)
        return patched(*args, **kwargs)

    return call


def hold(*names: str) -> None:
    """Let nothing that the program sets change these switches."""
    for name in names:
        if hasattr(torch._C, f"_set_{name}"):
            setattr(torch._C, f"_set_{name}", lambda *args, **kwargs: None)
        flag = vars(type(torch.backends.cudnn)).get(name.removeprefix("cudnn_"))
        if name.startswith("cudnn_") and flag is not None:
            flag.setter = lambda value: None  # it took the function itself, not its name
