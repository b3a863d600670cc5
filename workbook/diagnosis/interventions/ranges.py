"""Ranges of formats: floats that become infinite, and small integers that wrap round.

Owns the modes that compute in wider formats for that reason, and the one that looks where a value
leaves its format's range.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.operations import Double
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import line_of

SHORT_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32)
_NAMES = "add sub rsub mul neg pow square abs bitwise_left_shift"
ARITHMETIC = frozenset(f"aten::{name}" for name in _NAMES.split())


class WideIntegers(Dispatch):
    """Compute with integers of 64 bits where the program uses shorter ones."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.name in ARITHMETIC and not func._schema.is_mutable:
            args, kwargs = tree_map(_long, (args, kwargs))
        return func(*args, **kwargs)


def _long(value: Any) -> Any:
    short = isinstance(value, torch.Tensor) and value.dtype in SHORT_INTEGERS
    return value.long() if short else value


class Leaving(Dispatch):
    """Note the operations that make a value which is not finite out of finite ones."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        blank = func._schema.name.startswith("aten::empty")
        out = func(*args, **(kwargs or {}))
        if not blank and not _finite(out) and _finite((args, kwargs)):
            name = str(func).removesuffix(".default")
            FACTS.place("overflow", f"{name} at {line_of(sys._getframe(1)) or 'a library'}")
        return out


def _finite(values: Any) -> bool:
    tensors = (value for value in tree_leaves(values) if isinstance(value, torch.Tensor))
    return all(bool(t.isfinite().all()) for t in tensors if t.is_floating_point() and t.numel())


def _install(run: Setting) -> None:
    for row, mode in ((WIDE_RANGE, Double), (WIDE_INTEGERS, WideIntegers), (LOOK, Leaving)):
        if run.has(row):
            run.stack.enter_context(mode())
    if run.has(WIDE_RANGE):
        torch.set_default_dtype(torch.float64)


WIDE_INTEGERS = on(
    "wide-integers", "overflow", "integers are computed with 64 bits", 57,
    Fact.SHORT_INTEGERS, axes=PAIR, install=_install, stage=Stage.MODES,
)  # fmt: skip
WIDE_RANGE = on(
    "wide-range", "overflow", "numbers are computed in float64, whose range is wider", 58,
    Fact.OTHER_RANGES, axes=PAIR, install=_install, stage=Stage.MODES, costly=True,
    looks="look-for-infinity",
)  # fmt: skip
LOOK = on(
    "look-for-infinity", "overflow", "each operation is asked whether its results are finite", 99,
    axes=frozenset(), install=_install, stage=Stage.MODES,
)  # fmt: skip
ROWS = (WIDE_INTEGERS, WIDE_RANGE, LOOK)
