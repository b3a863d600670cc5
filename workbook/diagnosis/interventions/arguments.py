"""Interventions on what calls leave behind: changed arguments, and modules that remember.

Owns the noting of helpers that change what they are given or go on from what they left, and the
putting back of either. Tried only where nothing else explains.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import PAIR, Intervention, Setting, Stage, on
from workbook.diagnosis.interventions.operations import strided
from workbook.diagnosis.patching import wrap, wrap_helpers
from workbook.diagnosis.probes.contents import Thing, differs, memory, own, recall, restore, same
from workbook.diagnosis.probes.facts import FACTS, Fact

KEEP, FRESH = "keep:", "fresh:"  # before the name of a helper that a row acts on


def _keep_arguments(run: Setting) -> None:
    """Note which of the user's functions change their arguments; put back what some change."""

    def kept(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        data = (v for v in tree_leaves((args, kwargs)) if strided(v) or isinstance(v, np.ndarray))
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


def _forget(run: Setting) -> None:
    """Note what is called again with modules or objects that are not as they were the first time.

    Let some of it start from what they held then.
    """
    first: dict[tuple[int, Any], tuple[Any, dict[str, Any]]] = {}
    files = {module.__name__ for module in run.modules}

    def start(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        for part in _objects((args, kwargs), files):
            _, held = first.setdefault((id(part), real), (part, memory(part)))
            now = memory(part)
            if now.keys() != held.keys() or not all(same(now[key], held[key]) for key in held):
                FACTS.append("remembering", name)
                if f"{FRESH}{name}" in run.split:
                    recall(part, held)
        return real(*args, **kwargs)

    def module(real: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
        return start(real, type(called).__name__, called, *args, **kwargs)

    if run.has(FORGET):
        wrap(module, torch.nn.Module, "__call__")
        wrap_helpers(run, start, "__call__")


def _objects(values: Any, files: set[str]) -> Iterator[Any]:
    """Give modules, their parts, and objects of the user's own classes, among some values."""
    for value in tree_leaves(values):
        if isinstance(value, torch.nn.Module):
            yield from value.modules()
        elif type(value).__module__ in files:
            yield value


def acted_on(facts: dict[str, Any]) -> dict[Intervention, frozenset[str]]:
    """Give, for each of the rows, the helpers that a call showed it can act on."""
    lists = {KEEP_ARGUMENTS: (KEEP, "mutated"), FORGET: (FRESH, "remembering")}
    return {
        row: frozenset(f"{mark}{name}" for name in facts["lists"].get(kind, ()))
        for row, (mark, kind) in lists.items()
    }


# Putting back what a call leaves behind may break a program that means to keep it.
KEEP_ARGUMENTS = on(
    "keep-arguments", "input-mutated", "what a helper was given is put back after it", 79,
    Fact.UNEXPLAINED, axes=PAIR, install=_keep_arguments, stage=Stage.PROGRAM)  # fmt: skip
FORGET = on(
    "forget", "module-state", "what is called again starts from the state of its first call", 82,
    Fact.UNEXPLAINED, axes=PAIR, install=_forget, stage=Stage.PROGRAM)  # fmt: skip
ROWS = TOLD = (KEEP_ARGUMENTS, FORGET)  # they act on helpers that they are told
