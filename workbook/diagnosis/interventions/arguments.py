"""Interventions on what calls leave behind: changed arguments, and modules that remember.

Owns the noting of helpers that change what they are given, the putting back of it, and modules
that start each call from the state of their first. Tried only where nothing else explains.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import PAIR, Setting, Stage, on
from workbook.diagnosis.patching import wrap, wrap_helpers
from workbook.diagnosis.probes.contents import Thing, differs, memory, own, recall, restore
from workbook.diagnosis.probes.facts import FACTS, Fact

KEEP = "keep:"  # before the name of a helper whose arguments are put back


def _keep_arguments(run: Setting) -> None:
    """Note which of the user's functions change their arguments; put back what some change."""

    def kept(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        data = (value for value in tree_leaves((args, kwargs)) if _is_data(value))
        before = [Thing("", "data", value, own(value)) for value in data]
        made = real(*args, **kwargs)
        changed = [thing for thing in before if differs(thing)]
        if changed:
            FACTS.append("mutated", name)
            if f"{KEEP}{name}" in run.split:
                shared = [thing.holder for thing in changed]
                made = tree_map(
                    lambda v: own(v) if any(v is other for other in shared) else v, made
                )
                for thing in changed:
                    restore(thing)
        return made

    if run.has(KEEP_ARGUMENTS):
        wrap_helpers(run, kept)


def _is_data(value: Any) -> bool:
    dense = isinstance(value, torch.Tensor) and value.layout is torch.strided
    return dense or isinstance(value, np.ndarray)


def _forget(run: Setting) -> None:
    """Let a function called again start from what its modules and objects held the first time."""
    first: dict[tuple[int, Any], tuple[Any, dict[str, Any]]] = {}
    files = {module.__name__ for module in run.modules}
    inside = [False]

    def start(real: Any, *args: Any, **kwargs: Any) -> Any:
        if inside[0]:
            return real(*args, **kwargs)
        for part in _objects((args, kwargs), files):
            if (id(part), real) in first:
                recall(part, first[id(part), real][1])
            else:
                first[id(part), real] = part, memory(part)
        inside[0] = True
        try:
            return real(*args, **kwargs)
        finally:
            inside[0] = False

    if run.has(FORGET):
        wrap(start, torch.nn.Module, "__call__")
        around = lambda real, name, *args, **kwargs: start(real, *args, **kwargs)  # noqa: E731
        wrap_helpers(run, around, "__call__")


def _objects(values: Any, files: set[str]) -> Iterator[Any]:
    """Give modules, their parts, and objects of the user's own classes, among some values."""
    for value in tree_leaves(values):
        if isinstance(value, torch.nn.Module):
            yield from value.modules()
        elif type(value).__module__ in files:
            yield value


# Putting back what a call leaves behind may break a program that means to keep it.
KEEP_ARGUMENTS = on(
    "keep-arguments", "input-mutated", "what a helper was given is put back after it", 79,
    Fact.UNEXPLAINED, axes=PAIR, install=_keep_arguments, stage=Stage.PROGRAM)  # fmt: skip
FORGET = on(
    "forget", "module-state", "what is called again starts from the state of its first call", 82,
    Fact.UNEXPLAINED, axes=PAIR, install=_forget, stage=Stage.PROGRAM)  # fmt: skip
ROWS = (KEEP_ARGUMENTS, FORGET)
