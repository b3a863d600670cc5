"""What a reader's code can leave switched: the names we tell, and how each is read.

Owns names and readings. Putting back is `conditions`' work.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.utils.deterministic

from workbook.conditions import switches, tf32

RANDOM_NUMBERS = "random numbers"
"""Moved by every draw, which is no fault; the reader is told, unless the exercise allows it."""


def _random_numbers() -> object:
    # NumPy's state holds an array, and arrays do not compare to one bool.
    name, keys, *rest = np.random.get_state(legacy=True)
    torch_state = torch.get_rng_state().numpy().tobytes()
    return torch_state, (name, bytes(np.asarray(keys)), *rest), random.getstate()


def _deterministic() -> str:
    return ("off", "warn", "on")[torch.get_deterministic_debug_mode()]


def _fills() -> bool:
    memory: Any = torch.utils.deterministic  # untyped
    return bool(memory.fill_uninitialized_memory)


STATES: Mapping[str, Callable[[], object]] = {
    "number of threads": torch.get_num_threads,
    "default dtype": torch.get_default_dtype,
    "grad mode": torch.is_grad_enabled,
    "deterministic algorithms": _deterministic,
    "fill of uninitialized memory": _fills,
    "cuDNN benchmark": lambda: torch.backends.cudnn.benchmark,
    "cuDNN deterministic": lambda: torch.backends.cudnn.deterministic,
    "float32 precision": tf32.read,
    "flushing of subnormals": switches.flushes,
    RANDOM_NUMBERS: _random_numbers,
}


def read() -> dict[str, object]:
    """Every state as it is now in this thread."""
    return {name: reading() for name, reading in STATES.items()}


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, str]:
    """The states that differ, each with what happened to it in words.

    >>> changes({"grad mode": True}, {"grad mode": False})
    {'grad mode': 'the grad mode went from True to False'}
    """
    return {
        name: _went(name, before[name], after[name])
        for name in before
        if before[name] != after[name]
    }


def _went(name: str, before: object, after: object) -> str:
    if isinstance(before, (bool, int, str, torch.dtype)):
        old, new = (str(value).removeprefix("torch.") for value in (before, after))
        return f"the {name} went from {old} to {new}"
    return f"the {name} changed"
