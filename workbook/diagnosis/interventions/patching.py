"""How a run replaces a function of torch: the replacement steps aside while torch compiles.

Owns that rule. Dynamo reads Python, and would compile our counting into the user's model: its
guards would fail at the second call, or the program would be another than the one asked about.
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
    """A function that is `patched`, and is `real` while torch compiles."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return real(*args, **kwargs)
        return patched(*args, **kwargs)

    return call
