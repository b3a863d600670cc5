"""The reader's function as the check gets it: called as usual, and watched.

Owns what is noticed around one call: what came back, and what was left switched. Putting back is
`conditions`' work.
"""

import functools
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from workbook.conditions import switches, tf32
from workbook.question.form import Form, brief

MOST = 20  # calls that are kept, to tell the reader what was tried
RANDOM_NUMBERS = "random numbers"
"""Moved by every draw, which is no fault; the reader is told, unless the exercise allows it."""


def _random_numbers() -> object:
    # NumPy's state holds an array, and arrays do not compare to one bool.
    name, keys, *rest = np.random.get_state(legacy=True)
    torch_state = torch.get_rng_state().numpy().tobytes()
    return torch_state, (name, bytes(np.asarray(keys)), *rest), random.getstate()


STATES: Mapping[str, Callable[[], object]] = {
    **{name: read for name, (read, _) in switches.SWITCHES.items()},
    "deterministic algorithms": lambda: ("off", "warn", "on")[torch.get_deterministic_debug_mode()],
    "float32 precision": tf32.read,
    RANDOM_NUMBERS: _random_numbers,
}


class Unfit(Exception):
    """What a call gave back, or left behind, cannot be right; the message says why."""


class Untouched(Exception):
    """A call gave back the `...` of the stub."""


class Watched:
    """Stands in for a function or a module: calls go through, attributes are the original's.

    `answer` is the original, for a check that needs the very object.
    After each call, `drew` says whether random numbers have been drawn or seeded so far. `calls`
    has the first MOST of them: what was handed over, in short, and what came back. A call raises
    Unfit where what it returns is not of the form `returns`, or where it leaves one of STATES
    changed that is not among `may_change`; Untouched where it returns `...`.
    """

    def __init__(self, answer: Any, *, returns: Form | None, may_change: tuple[str, ...]) -> None:
        functools.update_wrapper(self, answer, updated=())
        self.answer = answer
        self.returns = returns
        self.may_change = may_change
        self.drew = False
        self.calls: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        if "answer" not in self.__dict__:  # a copy that is still being made
            raise AttributeError(name)
        return getattr(self.answer, name)

    # The only function here that passes keywords on: it stands in for functions of any signature.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        reads = {name: read for name, read in STATES.items() if name not in self.may_change}
        before = {name: read() for name, read in reads.items()}
        handed = ", ".join(map(brief, (*args, *kwargs.values())))
        value = self.answer(*args, **kwargs)
        after = {name: read() for name, read in reads.items()}
        changed = [name for name in reads if before[name] != after[name]]
        self.drew |= RANDOM_NUMBERS in changed
        left = [_went(n, before[n], after[n]) for n in changed if n != RANDOM_NUMBERS]
        if left:
            raise Unfit(
                f"Your code leaves something switched that every later cell would feel: "
                f"{'; '.join(left)}. It was put back. `with Conditions(...)` puts back by itself."
            )
        if value is ...:
            raise Untouched
        if len(self.calls) < MOST:
            self.calls.append((handed, value.clone() if isinstance(value, torch.Tensor) else value))
        if self.returns is None:
            return value
        value = self.returns.plain(value)
        misfit = self.returns.misfit(value, "What your code returns")
        if misfit is not None:
            raise Unfit(misfit)
        return value


def _went(name: str, before: object, after: object) -> str:
    if isinstance(before, (bool, int, str, torch.dtype)):
        old, new = (str(value).removeprefix("torch.") for value in (before, after))
        return f"the {name} went from {old} to {new}"
    return f"the {name} changed"
