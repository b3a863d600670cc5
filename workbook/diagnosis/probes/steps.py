"""The steps of a training: what the next step depends on, hashed after each `Optimizer.step`.

Owns the vector, the end of a run that was to go to a step only, and the reading of two series. The
set of parts that differ first says what kind of cause there is, without another run.
"""

import math
import os
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle

from workbook.diagnosis.probes.facts import FACTS
from workbook.diagnosis.probes.generators import global_codes
from workbook.trace import tensor_hash
from workbook.trace.hashing import bytes_hash

PARTS = (
    "torch's generator",
    "NumPy's generator",
    "Python's generator",
    "the loss",
    "gradients",
    "options of the optimizer",
    "its state",
    "parameters",
)
COMPUTED = PARTS[3:]  # generators that nobody seeds differ from the start, used or not
_EVERY = 1_000  # steps; after that only powers of two are looked at
ENOUGH = 2_000_000_000  # bytes, read in a quarter second: the price of watching is bounded
UNREAD = 0  # in place of the hash of what a step left unread
Loss = tuple[float, str]  # a value and its dtype
Tell = Callable[[Optimizer, list[int], list[Loss]], None]
_LOSS: list[tuple[int, Loss]] = []  # of this step, each with its hash
# the step after which the run ends, or after which something is done
_STOP: list[tuple[int, Callable[[], None] | None]] = [(0, None)]
LEFT: WeakKeyDictionary[Optimizer, int] = WeakKeyDictionary()  # a hash of what its step left


class Stopped(BaseException):
    """The run came to the step that it was to go to."""


def loss(made: torch.Tensor) -> None:
    """Take down what backward is called on; not on a device, where reading it would wait."""
    if made.device.type == "cpu" and made.numel() == 1:
        plain = made.detach()
        value = float(_tolist(plain.reshape(-1))[0])
        _LOSS.append((tensor_hash(plain), (value, str(plain.dtype).removeprefix("torch."))))


_tolist = torch.Tensor.tolist  # the real one: a probe may replace it


def stop_at(step: int, instead: Callable[[], None] | None = None) -> None:
    """Let what runs now end after this step of its training, or do something; 0 for its own end."""
    _STOP[:] = [(step, instead)]


def watch(stop: int, tell: Tell | None = None, most: float = math.inf) -> RemovableHandle:
    """Note a vector after each step of any optimizer; end the run after step `stop` (0: never).

    With `tell`, the optimizer, the step's number with its vector, and the losses go there instead.
    After `most` bytes, gradients, states and parameters are read at powers of two only.
    """
    stops = [0]
    stop_at(stop)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        number = FACTS.count("steps seen")
        power = not number & (number - 1)
        if number <= _EVERY or power:
            whole = power or FACTS.counts.get(_BYTES, 0) < most
            row = [number, *vector(optimizer, whole)]
            if tell is not None:
                tell(optimizer, row, [value for _, value in _LOSS])
            else:
                FACTS.append("steps", row)
        else:
            LEFT.pop(optimizer, None)
        _LOSS.clear()
        step, instead = _STOP[0]
        if step and number >= step and instead is not None:
            instead()
        elif step and number >= step:
            stops[0] += 1
            if stops[0] > 2:  # the program goes on whatever it is told
                os._exit(0)
            raise Stopped

    return register_optimizer_step_post_hook(after)


_BYTES = "bytes of steps read"


def weights(optimizer: Any) -> list[torch.Tensor]:
    """List the weights that an optimizer trains."""
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def vector(optimizer: Optimizer, whole: bool = True) -> list[int]:
    """Hash each of `PARTS` as the optimizer has it now; its tensors only where `whole` says so."""
    groups = optimizer.param_groups
    options = [{k: v for k, v in group.items() if k != "params"} for group in groups]
    row = [
        *global_codes(),
        bytes_hash(repr([code for code, _ in _LOSS]).encode()),
        UNREAD,
        bytes_hash(repr(options).encode()),
        UNREAD,
        UNREAD,
    ]
    LEFT.pop(optimizer, None)
    if whole:
        trained = weights(optimizer)
        kept = [optimizer.state[weight] for weight in trained if weight in optimizer.state]
        states = [value for state in kept for value in state.values()]
        gradients = [weight.grad for weight in trained]
        row[4], row[6], row[7] = map(digest, (gradients, states, trained))
        LEFT[optimizer] = row[7]
        size = sum(map(_size, (*gradients, *states, *trained, *trained)))  # these twice: `LEFT`
        FACTS.counts[_BYTES] = FACTS.counts.get(_BYTES, 0) + size
    return row


def _size(value: Any) -> int:
    tensor = isinstance(value, torch.Tensor) and value.device.type == "cpu"
    return value.numel() * value.element_size() if tensor else 0


def digest(values: list[Any]) -> int:
    """Hash tensors on the CPU and plain values; what lies elsewhere would have to wait."""
    parts = [
        tensor_hash(value.detach()) if isinstance(value, torch.Tensor) else value
        for value in values
        if not isinstance(value, torch.Tensor) or value.device.type == "cpu"
    ]
    return bytes_hash(repr(parts).encode())


def parted(
    ours: list[list[int]], theirs: list[list[int]], among: tuple[str, ...] = PARTS
) -> tuple[int, tuple[str, ...]] | None:
    """Find the first step after which series differ in parts that both read, and those parts."""
    others = {row[0]: row for row in theirs}
    for row in ours:
        parts = zip(PARTS, row[1:], others.get(row[0], row)[1:], strict=True)
        differing = [part for part, a, b in parts if a != b and UNREAD not in (a, b)]
        if differing := [part for part in differing if part in among]:
            return row[0], tuple(differing)
    return None


def skipped(series: list[list[int]], step: int) -> bool:
    """Whether the step before this one was read in part only, so that an earlier one may differ."""
    return any(row[0] == step - 1 and UNREAD in row for row in series)


def same_weights(ours: list[list[int]], theirs: list[list[int]]) -> bool:
    """Whether two series have the same parameters after each step, as far as both go."""
    return all(first[-1] == second[-1] for first, second in zip(ours, theirs, strict=False))


def sentence(step: int, parts: tuple[str, ...], alike: bool = True) -> str:
    """Word where two series part; of generators that began alike, what kind of cause that is."""
    kind = _kind(parts) if alike else ""
    return f"They part at step {step} of the training: {', '.join(parts)} differ{kind}."


def _kind(parts: tuple[str, ...]) -> str:
    if set(parts) & set(PARTS[:3]):
        return "; one draws more numbers than the other, or from another seed"
    if PARTS[3] in parts:
        return " while the generators agree: the data or the forward pass is another"
    if PARTS[4] in parts:
        return " while the loss agrees: backward, or what was left over in the gradients"
    return " while loss and gradients agree: the optimizer goes on from something else"
