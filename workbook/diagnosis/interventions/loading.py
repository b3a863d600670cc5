"""Loading a state: weights that it holds under another name, and that are passed over.

Owns the patch of `load_state_dict`, and which weight of a state is meant for which of a module.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import line_of


def _install(run: Setting) -> None:
    real = torch.nn.Module.load_state_dict

    @functools.wraps(real)
    def load_state_dict(this: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            done = real(this, state_dict, *args, **kwargs)
        except RuntimeError:  # names do not fit; the program may pass over it
            _note(this, state_dict)
            if not run.has(LOAD_ALL) or not _missing(this, state_dict):
                raise
            done = real(this, _renamed(this, state_dict), strict=False)
        if _missing(this, state_dict):
            _note(this, state_dict)
            if run.has(LOAD_ALL):
                real(this, _renamed(this, state_dict), strict=False)
        return done

    torch.nn.Module.load_state_dict = load_state_dict  # type: ignore[method-assign]


def _note(module: torch.nn.Module, state: Mapping[str, Any]) -> None:
    missing = _missing(module, state)
    FACTS.add(Fact.LOADS_PART)
    words = f"{len(missing)} of {len(module.state_dict())} weights are not in the state"
    first = f", {missing[0]} the first" if missing else ""
    FACTS.place("weights-not-loaded", f"{line_of(sys._getframe(2))}, where {words}{first}")


def _missing(module: torch.nn.Module, state: Mapping[str, Any]) -> list[str]:
    return [name for name in module.state_dict() if name not in state]


def _renamed(module: torch.nn.Module, state: Mapping[str, Any]) -> dict[str, Any]:
    """Give the state under the module's names.

    A weight that is missing gets what is over: the one whose name ends alike, where its shape
    fits, else the next one of its shape.
    """
    wanted = module.state_dict()
    over = {name: value for name, value in state.items() if name not in wanted}
    made = {name: value for name, value in state.items() if name in wanted}
    for name in _missing(module, state):
        fits = [key for key, value in over.items() if _shape(value) == _shape(wanted[name])]
        ends = [key for key in fits if f".{key}".endswith(f".{name}") or _ends(name, key)]
        for key in (ends or fits)[:1]:
            made[name] = over.pop(key)
    return made


def _ends(name: str, key: str) -> bool:
    return f".{name}".endswith(f".{key}")


def _shape(value: Any) -> Any:
    return getattr(value, "shape", None)


LOAD_ALL = on(
    "load-all", "weights-not-loaded", "weights are loaded whatever prefix their names have", 21,
    Fact.LOADS_PART, axes=AGAIN | PAIR, install=_install,
)  # fmt: skip
ROWS = (LOAD_ALL,)
