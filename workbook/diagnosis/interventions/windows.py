"""Windows: views whose elements lie on top of one another, which get copies.

Owns the patches of what makes such views.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.interventions.patching import patch
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import is_user_file

_MAKERS = (
    (torch.Tensor, ("unfold", "as_strided", "expand", "expand_as", "broadcast_to")),
    (torch, ("as_strided", "broadcast_to")),
    (np, ("broadcast_to",)),
    (np.lib.stride_tricks, ("as_strided", "sliding_window_view")),
)


def _install(run: Setting) -> None:
    for owner, names in _MAKERS:
        for name in names:
            patch(owner, name, _watched(getattr(owner, name), run.has(COPY_WINDOWS)))


def _watched(real: Callable[..., Any], copies: bool) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if not is_user_file(sys._getframe(2).f_code.co_filename):
            return made
        FACTS.add(Fact.WINDOWS)
        if not copies:
            return made
        return (
            made.clone(memory_format=torch.contiguous_format)
            if isinstance(made, torch.Tensor)
            else made.copy()
        )

    return call


COPY_WINDOWS = on(
    "copy-windows", "overlapping-memory", "overlapping windows of a tensor are copies", 16,
    Fact.WINDOWS, axes=AGAIN | PAIR, install=_install,
)  # fmt: skip
ROWS = (COPY_WINDOWS,)
