"""The record of the conditions, and the block of code that they hold for.

Owns the fields, their JSON and the entering and leaving. What a switch is called in torch stands in
`switches`, `tf32` and `randomness`.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypedDict, cast

import torch

from workbook.conditions import checks, simulation, switches
from workbook.devices import device

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

Mode = Literal["train", "eval"]
Grad = Literal["grad", "no_grad", "inference"]
Deterministic = Literal["off", "warn", "on"]
MatmulPrecision = Literal["highest", "high", "medium"]
Layout = Literal["contiguous", "transposed", "channels_last"]

PATIENCE = 600.0
"""Seconds that a thread waits for another one's conditions to end."""


class Changes(TypedDict, total=False):
    """The fields that `Conditions.replace` takes, none of them required."""

    seed: int | None
    dtype: str | None
    device: str
    threads: int | None
    mode: Mode | None
    grad: Grad | None
    deterministic: Deterministic | None
    cudnn_benchmark: bool | None
    cudnn_deterministic: bool | None
    cudnn_tf32: bool | None
    matmul_precision: MatmulPrecision | None
    fill_uninitialized: bool | None
    default_dtype: str | None
    flush_denormal: bool | None
    batch_size: int | None
    layout: Layout | None


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The switches that hold for a block of code; a field left at None is left as it is.

    `seed` (0 to 2**32 - 1) seeds torch on every device, NumPy's legacy generator and `random`.
    `threads` (1 to 256) is torch's number of threads within an operation. `dtype`, `device`,
    `mode`, `batch_size` and `layout` are carried for the experiment to use; the other fields are
    applied. The device "simulated" puts the simulated accelerator to work, and any other device
    inside it suspends it. On leaving, also by an exception, every switch and every random state is
    as it was before, whatever the block did to it. Blocks nest, and one record can be entered many
    times. The switches belong to the whole process, so that a second thread waits until the first
    has left. Raises ValueError for a value that is not allowed.

    On entering: ValueError if the device does not compute in `dtype`; DeviceUnavailable if the
    device is absent or the processor cannot flush; RuntimeError after waiting 600 s for a thread.

    >>> with Conditions(seed=0, threads=1):
    ...     first = torch.rand(3)
    >>> with Conditions(seed=0, threads=1):
    ...     torch.equal(first, torch.rand(3))
    True
    """

    seed: int | None = None
    dtype: str | None = None
    device: str = "cpu"
    threads: int | None = None
    mode: Mode | None = None
    grad: Grad | None = None
    deterministic: Deterministic | None = None
    cudnn_benchmark: bool | None = None
    cudnn_deterministic: bool | None = None
    cudnn_tf32: bool | None = None
    matmul_precision: MatmulPrecision | None = None
    fill_uninitialized: bool | None = None
    default_dtype: str | None = None
    flush_denormal: bool | None = None
    batch_size: int | None = None
    layout: Layout | None = None

    def __post_init__(self) -> None:
        for name in FIELDS:
            checks.check(name, getattr(self, name))

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as torch names it; without one, the default dtype of these conditions."""
        name = self.dtype or self.default_dtype
        return torch.get_default_dtype() if name is None else switches.torch_dtype(name)

    @property
    def torch_device(self) -> torch.device:
        """The device as torch names it; raises DeviceUnavailable if it is absent."""
        return device(self.device).torch_device()

    @property
    def adds_in(self) -> str:
        """The format in which the device adds up sums and products of numbers of `torch_dtype`."""
        return device(self.device).adds_in(str(self.torch_dtype).removeprefix("torch."))

    def replace(self, **changes: Unpack[Changes]) -> Conditions:
        """Give a copy with some fields changed; raises ValueError for an unknown field.

        >>> Conditions(seed=1, threads=1).replace(seed=2).seed
        2
        """
        checks.check_names(changes, FIELDS)
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, int | str | bool]:
        """Give the fields that are set, as JSON can hold them; `from_json` reads them.

        >>> Conditions(seed=1).to_json()
        {'seed': 1, 'device': 'cpu'}
        """
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Conditions:
        """Read what `to_json` wrote; raises ValueError for an unknown field or a wrong value."""
        if not isinstance(data, Mapping):
            raise ValueError(f"conditions must be an object with named fields, got {data!r}")
        checks.check_names(data, FIELDS)
        return cls().replace(**cast(Changes, data))

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            _take_turn(opening)
            self._apply(opening)
            _THIS_THREAD.entered.setdefault(id(self), []).append(opening.pop_all())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held = _THIS_THREAD.entered.get(id(self))
        if not held:
            raise RuntimeError("conditions must be left in the thread that entered them, once each")
        leaving = held.pop()
        if not held:
            del _THIS_THREAD.entered[id(self)]
        leaving.close()

    def _apply(self, opening: ExitStack) -> None:
        """Apply the fields, and leave with `opening` what puts everything back."""
        _ = self.torch_device
        if self.dtype is not None:
            device(self.device).require(self.dtype)
        switches.keep(opening)
        switches.apply(self.to_json(), opening)
        simulation.simulate(self.device == "simulated", opening)


FIELDS = tuple(field.name for field in dataclasses.fields(Conditions))


class _ThisThread(threading.local):
    """The conditions that this thread is inside of, by identity; a record may stand here twice."""

    def __init__(self) -> None:
        self.entered: dict[int, list[ExitStack]] = {}


_THIS_THREAD = _ThisThread()
_TURNS: dict[int, threading.RLock] = {}  # one a process: a forked child must not wait for a ghost


def _take_turn(opening: ExitStack) -> None:
    """Wait until no other thread holds conditions; nesting in one thread does not wait."""
    turn = _TURNS.setdefault(os.getpid(), threading.RLock())
    if not turn.acquire(timeout=PATIENCE):
        raise RuntimeError(
            f"conditions belong to one thread at a time, and another held them for {PATIENCE:g} s: "
            "enter them inside the work of each thread, not around it"
        )
    opening.callback(turn.release)
