"""Other devices: what they compute, and what is read from them too early.

Owns the mode that computes on the CPU what a program computes elsewhere, and the patches that wait
for a device. What a device draws is left as it is.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import AFTER, AGAIN, PAIR, Setting, on
from workbook.diagnosis.interventions.operations import views
from workbook.diagnosis.patching import line, wrap
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch

MOST_CALLS, _CALLS = 10, 3  # of a function in one process: where a device computes, and elsewhere
_ENOUGH = 3.0  # seconds of a function's calls


def elsewhere(value: Any) -> bool:
    """Whether a value is a tensor on another device than the CPU."""
    return isinstance(value, torch.Tensor) and value.device.type not in ("cpu", "meta")


class OnTheCpu(Dispatch):
    """Compute on the CPU what has inputs elsewhere; give the results back to where they belong.

    So both functions compute alike, from inputs that stay what they are. Draws stay where they are,
    and so do operations that the CPU does not have (cuDNN's own).
    """

    away: Callable[[Any], bool] = staticmethod(elsewhere)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        there = [value for value in tree_leaves((args, kwargs)) if self.away(value)]
        moves = func._schema.name in _MOVES
        if not there or moves or views(func) or torch.Tag.nondeterministic_seeded in func.tags:
            return func(*args, **kwargs)
        return at_home(func, args, kwargs, there)


def at_home(func: Any, args: Any, kwargs: dict[str, Any], there: list[torch.Tensor]) -> Any:
    """Compute on the CPU what the tensors `there` go into; the results lie where those lie."""
    device, homes = there[0].device, {id(value): _home(value) for value in there}
    given = tree_map(lambda v: homes.get(id(v), v), (args, kwargs))
    try:
        out = func(*given[0], **given[1])
    except (NotImplementedError, RuntimeError):
        return func(*args, **kwargs)
    if func._schema.is_mutable:
        for value in there:
            value.copy_(homes[id(value)])
        back = {id(homes[id(value)]): value for value in there}
        return tree_map(lambda v: back.get(id(v), v), out)
    return tree_map(lambda v: v.to(device) if isinstance(v, torch.Tensor) else v, out)


_MOVES = frozenset(("aten::_to_copy", "aten::copy_", "aten::_local_scalar_dense"))


def _home(value: torch.Tensor) -> torch.Tensor:
    return value.to("cpu", copy=True)


def _in_use() -> bool:
    """Whether this process has started another device than the CPU."""
    apple = torch.backends.mps.is_available() and torch.mps.current_allocated_memory() > 0
    return torch.cuda.is_initialized() or torch.xpu.is_initialized() or apple


def _note() -> None:
    if _in_use():
        FACTS.add(Fact.ACCELERATOR)


def enough(calls: int, seconds: float) -> bool:
    """Whether so many calls of a function, which took that long, show what one process can show.

    What a device does otherwise now and then is seen in more of them, while they are quick.
    """
    if seconds > _ENOUGH:
        return calls > 1
    return calls >= (MOST_CALLS if _in_use() else _CALLS)


def _waits(run: Setting) -> None:
    """Note copies that are not waited for, and streams; wait for the one, leave out the other."""

    def copy(real: Any, *args: Any, **kwargs: Any) -> Any:
        place = next((i for i, value in enumerate(args) if i and value is True), 0)
        if place or kwargs.get("non_blocking"):
            FACTS.add(Fact.UNWAITED, "unsynchronised", f"non_blocking=True at {line()}")
            if run.has(WAIT) and place:
                args = (*args[:place], False, *args[place + 1 :])
            elif run.has(WAIT):
                kwargs["non_blocking"] = False
        return real(*args, **kwargs)

    def stream(real: Any, wanted: Any) -> Any:
        FACTS.add(Fact.UNWAITED, "unsynchronised", "a stream of the program's own")
        return contextlib.nullcontext() if run.has(WAIT) else real(wanted)

    wrap(copy, torch.Tensor, "to", "cuda", "cpu", "copy_")
    wrap(copy, torch.nn.Module, "to")
    wrap(stream, torch.cuda, "stream")
    wrap(stream, torch.xpu, "stream")
    FACTS.at_end.append(_note)


ONE_DEVICE = on(
    "one-device", "device", "everything is computed on the CPU, from the same inputs", 70,
    Fact.OTHER_DEVICES, axes=PAIR, mode=lambda run: OnTheCpu(), costly=True)  # fmt: skip
WAIT = on(
    "wait", "unsynchronised", "every copy is waited for, on one stream", 9, Fact.UNWAITED,
    axes=AGAIN | PAIR | AFTER, install=_waits)  # fmt: skip
ROWS = (ONE_DEVICE, WAIT)
