"""The intervention on windows: views whose elements lie on top of one another.

Owns the patches of what makes such views. They act in a child process that ends with the run.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.facts import FACTS
from workbook.trace.places import is_user_file

_MAKERS = (
    (torch.Tensor, ("unfold", "as_strided", "expand", "expand_as", "broadcast_to")),
    (torch, ("as_strided", "broadcast_to")),
    (np, ("broadcast_to",)),
    (np.lib.stride_tricks, ("as_strided", "sliding_window_view")),
)


def install(on: frozenset[str]) -> None:
    """Note each window that the program makes; with `copy-windows` it gets a copy."""
    for owner, names in _MAKERS:
        for name in names:
            setattr(owner, name, _watched(getattr(owner, name), "copy-windows" in on))


def _watched(real: Callable[..., Any], copies: bool) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if not is_user_file(sys._getframe(1).f_code.co_filename):
            return made
        FACTS.add("windows")
        if not copies:
            return made
        return (
            made.clone(memory_format=torch.contiguous_format)
            if isinstance(made, torch.Tensor)
            else made.copy()
        )

    return call
