"""Switches: how each is read, set and put back in torch.

Owns one row for each switch that is process-wide or belongs to the thread. It may not know the
record that asks for them.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
import torch.utils.deterministic

from workbook.conditions import randomness, tf32
from workbook.devices import DeviceUnavailable


def torch_dtype(name: str) -> torch.dtype:
    """Give the dtype of that name."""
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def keep(stack: ExitStack) -> None:
    """Read every switch and every random state, and leave with `stack` what puts them back.

    A switch is written back only if it changed, and each is tried even if another one fails.
    """
    randomness.keep(stack)
    tf32.keep(stack)
    for read, write in SWITCHES.values():
        stack.callback(_put_back, read, write, read())


def apply(values: Mapping[str, Any], stack: ExitStack) -> None:
    """Set the switches that are among `values`; names that are no switch are passed over.

    Raises DeviceUnavailable if this processor cannot flush subnormal numbers.
    """
    for name, write in _SETTERS.items():
        if name in values:
            write(values[name])
    for context in _GRAD[values["grad"]]() if "grad" in values else ():
        stack.enter_context(context)


@contextmanager
def switched(
    read: Callable[[], Any], write: Callable[[Any], object], value: object
) -> Iterator[None]:
    """Hold one more switch at a value, and put it back."""
    before = read()
    write(value)
    try:
        yield
    finally:
        write(before)


def readings() -> dict[str, str]:
    """Read every switch, in words; what the newer switches of TF32 inherit is left out.

    >>> readings()["default dtype"]
    'torch.float32'
    """
    values = {name: str(read()) for name, (read, _) in SWITCHES.items()}
    stored = tf32.read()
    values |= {"matmul precision": stored.matmul, "cuDNN TF32": str(stored.cudnn)}
    newer = {f"fp32_precision of {' '.join(key)}": word for key, word in stored.newer.items()}
    return values | {name: word for name, word in newer.items() if word != "none"}


def _put_back(read: Callable[[], Any], write: Callable[[Any], object], before: object) -> None:
    if read() != before:
        write(before)


def flushes() -> bool:
    """Say whether this thread's processor now turns subnormal results into zero.

    torch has no getter. Python's own floats obey the same processor flag, and no dispatch mode
    sees them: half of the smallest normal number is subnormal, or zero.
    """
    return sys.float_info.min * 0.5 == 0.0


def _set_flush(on: bool) -> None:
    # torch answers False where the processor has no such mode; to switch it off is then no change.
    if not torch.set_flush_denormal(on) and on:
        raise DeviceUnavailable("flush_denormal needs a processor mode that this CPU does not have")


def _deterministic() -> tuple[bool, bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        bool(getattr(_compiler(), "deterministic", False)),
    )


def _put_deterministic(before: tuple[bool, bool, bool]) -> None:
    # Not use_deterministic_algorithms: it imports the compiler, which takes seconds; and the debug
    # modes have no name for determinism off with warn_only remembered.
    torch._C._set_deterministic_algorithms(before[0], warn_only=before[1])
    _tell_compiler(before[2])


def _compiler() -> Any:
    return sys.modules.get("torch._inductor.config")  # loaded by the first user of it, not by us


def _set_deterministic(word: str) -> None:
    torch.set_deterministic_debug_mode({"off": "default", "warn": "warn", "on": "error"}[word])
    _tell_compiler(word != "off")


def _tell_compiler(deterministic: bool) -> None:
    """Set the compiler's own flag, as use_deterministic_algorithms does; older torch has none."""
    if hasattr(_compiler(), "deterministic"):
        _compiler().deterministic = deterministic


def _attribute(owner: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], object]]:
    """Give how an attribute of a module of torch's is read, and how it is written."""
    return partial(getattr, owner, name), partial(setattr, owner, name)


_FILL = _attribute(torch.utils.deterministic, "fill_uninitialized_memory")
_BENCHMARK = _attribute(torch.backends.cudnn, "benchmark")
_CUDNN_DETERMINISTIC = _attribute(torch.backends.cudnn, "deterministic")

SWITCHES: Mapping[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "number of threads": (torch.get_num_threads, torch.set_num_threads),
    "default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "grad mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "deterministic algorithms": (_deterministic, _put_deterministic),
    "fill of uninitialized memory": _FILL,
    "cuDNN benchmark": _BENCHMARK,
    "cuDNN deterministic": _CUDNN_DETERMINISTIC,
    "flushing of subnormals": (flushes, torch.set_flush_denormal),
}
"""By the name that readers are told: how each is read, and how what was read is written back."""

_SETTERS: Mapping[str, Callable[[Any], object]] = {
    "threads": torch.set_num_threads,
    "default_dtype": lambda name: torch.set_default_dtype(torch_dtype(name)),
    "deterministic": _set_deterministic,
    "fill_uninitialized": _FILL[1],
    "cudnn_benchmark": _BENCHMARK[1],
    "cudnn_deterministic": _CUDNN_DETERMINISTIC[1],
    "cudnn_tf32": tf32.set_cudnn,
    "matmul_precision": tf32.set_matmul,
    "flush_denormal": _set_flush,
    "seed": randomness.seed,
}

# Inside an outer inference mode, gradients are on only after that mode is off.
_GRAD: Mapping[str, Callable[[], tuple[AbstractContextManager[object], ...]]] = {
    "grad": lambda: (torch.inference_mode(False), torch.enable_grad()),
    "no_grad": lambda: (torch.inference_mode(False), torch.no_grad()),
    "inference": lambda: (torch.inference_mode(),),
}
