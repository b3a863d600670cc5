"""The table of devices, one frozen row each, and how to ask for one.

Owns the names, the dtypes and the rule that an answer is found once a process. How presence is
found out stands in `presence`; a row knows its question and nothing of the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch

from workbook.devices import directml, presence

DTYPES = ("float64", "float32", "bfloat16", "float16")
"""The dtypes that a device can be asked to compute in."""


class DeviceUnavailable(RuntimeError):
    """Raised when hardware or its software is missing; the message gives the reason."""


@dataclass(frozen=True)
class Device:
    """One kind of device: its name, its title, and the dtypes that every one of its kind has.

    `dtypes` are those that it computes in. A dtype that some models of the kind can merely store
    is left out, as float64 is for DirectML, whose matmul and sum compute float64 in float32.
    """

    name: str
    title: str
    dtypes: tuple[str, ...]
    ask: Callable[[], str | None] = field(repr=False, compare=False)
    make: Callable[[], torch.device] = field(repr=False, compare=False)

    def absent(self) -> str | None:
        """Say in plain words why the device is absent, or None if it is here.

        The answer is found once a process and kept; `forget` drops it.

        >>> device("cpu").absent() is None
        True
        """
        with _LOCK:
            if self.name not in _ANSWERS:
                _ANSWERS[self.name] = self.ask()
            return _ANSWERS[self.name]

    def torch_device(self) -> torch.device:
        """Give the device as torch names it; raises DeviceUnavailable with the reason.

        >>> device("simulated").torch_device()
        device(type='cpu')
        """
        reason = self.absent()
        if reason is not None:
            raise DeviceUnavailable(f"{self.name} is not available here. {reason}")
        try:
            return self.make()
        except (ImportError, OSError, RuntimeError) as error:
            raise DeviceUnavailable(f"{self.name} was found but cannot be used: {error}") from error

    def require(self, dtype: str) -> None:
        """Raise ValueError if the device does not compute in this dtype."""
        if dtype not in self.dtypes:
            known = ", ".join(self.dtypes)
            raise ValueError(f"dtype on {self.name} must be one of {known}, got {dtype!r}")


DEVICES = (
    Device("cpu", "CPU", DTYPES, presence.always, partial(torch.device, "cpu")),
    Device("cuda", "NVIDIA GPU (CUDA)", DTYPES, presence.cuda, partial(torch.device, "cuda")),
    # Apple's GPUs have no float64; bfloat16 came with macOS 14.
    Device("mps", "Apple GPU (MPS)", DTYPES[1:], presence.mps, partial(torch.device, "mps")),
    # Intel's consumer cards have no float64; its data-center cards do.
    Device("xpu", "Intel GPU (XPU)", DTYPES[1:], presence.xpu, partial(torch.device, "xpu")),
    # Operator tables of DirectML: arithmetic in float32 and float16 alone.
    Device(
        "directml",
        "GPU through DirectML",
        ("float32", "float16"),
        presence.direct_ml,
        directml.torch_device,
    ),
    Device(
        "simulated", "simulated accelerator", DTYPES, presence.always, partial(torch.device, "cpu")
    ),
)

_ANSWERS: dict[str, str | None] = {}
_LOCK = threading.Lock()


def device(name: str) -> Device:
    """Give the row of that name; raises ValueError with the names.

    >>> device("cuda").title
    'NVIDIA GPU (CUDA)'
    """
    rows = {row.name: row for row in DEVICES}
    if name not in rows:
        raise ValueError(f"device must be one of {', '.join(rows)}, got {name!r}")
    return rows[name]


def here() -> tuple[Device, ...]:
    """Give the rows of the devices that this process can use, in the table's order."""
    return tuple(row for row in DEVICES if row.absent() is None)


def forget() -> None:
    """Drop what was found out, so that the next question is asked again."""
    with _LOCK:
        _ANSWERS.clear()
