"""The table of devices, one frozen row each, and how to ask for one.

Owns the names, the dtypes and the rule that an answer is found once a process. A row holds every
fact of its kind that the package uses, so that a new device is a row here and a question in
`presence`. How the facts are found out stands in `presence`, `hardware` and `generators`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch

from workbook.devices import directml, generators, hardware, presence
from workbook.devices.generators import Generators

DTYPES = ("float64", "float32", "bfloat16", "float16")
"""The dtypes that a device can be asked to compute in."""


class DeviceUnavailable(RuntimeError):
    """Raised when hardware or its software is missing; the message gives the reason."""

    def _render_traceback_(self) -> list[str]:
        """Show the reason alone in a notebook, as IPython asks for: no code is at fault."""
        return [f"{type(self).__name__}: {self}"]


def _done() -> None:
    """Wait for nothing: an operation of the kind is done when it returns."""


@dataclass(frozen=True)
class Device:
    """One kind of device, with everything that the package knows of it.

    `name` is what readers type, `title` what they read, `type` what torch calls the kind
    (`torch.device.type`). `dtypes` are those that every device of the kind computes in. A dtype
    that some models can merely store is left out, as float64 is for DirectML, whose matmul and sum
    compute float64 in float32: no sum or product is added up in more than `widest`. `ask` says why
    the device is absent (`absent` keeps its answer), and `make` gives it as torch does. `facts` are
    those of its hardware and driver, `generators` are its random states (None: it draws from the
    CPU's), and `synchronize` waits until its work is done.
    """

    name: str
    title: str
    type: str
    dtypes: tuple[str, ...]
    ask: Callable[[], str | None] = field(repr=False, compare=False)
    make: Callable[[], torch.device] = field(repr=False, compare=False)
    facts: Callable[[], dict[str, str]] = field(default=hardware.nothing, repr=False, compare=False)
    generators: Generators | None = field(default=None, repr=False, compare=False)
    synchronize: Callable[[], object] = field(default=_done, repr=False, compare=False)
    widest: str = "float64"

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

    def adds_in(self, dtype: str) -> str:
        """Name the format in which sums and products of numbers in `dtype` are added up.

        16-bit numbers are added up in float32, and the result is rounded once.

        >>> [device("simulated").adds_in(dtype) for dtype in DTYPES]
        ['float32', 'float32', 'float32', 'float32']
        """
        return "float64" if dtype == self.widest == "float64" else "float32"


DEVICES = (
    Device(
        name="cpu",
        title="CPU",
        type="cpu",
        dtypes=DTYPES,
        ask=presence.always,
        make=partial(torch.device, "cpu"),
        generators=generators.CPU,
    ),
    Device(
        name="cuda",
        title="NVIDIA GPU (CUDA)",
        type="cuda",
        dtypes=DTYPES,
        ask=presence.cuda,
        make=partial(torch.device, "cuda"),
        facts=hardware.cuda,
        generators=generators.CUDA,
        synchronize=torch.cuda.synchronize,
    ),
    Device(
        name="mps",
        title="Apple GPU (MPS)",
        type="mps",
        dtypes=DTYPES[1:],  # Apple's GPUs have no float64; bfloat16 came with macOS 14
        ask=presence.mps,
        make=partial(torch.device, "mps"),
        facts=hardware.mps,
        generators=generators.MPS,
        synchronize=torch.mps.synchronize,
    ),
    Device(
        name="xpu",
        title="Intel GPU (XPU)",
        type="xpu",
        dtypes=DTYPES[1:],  # Intel's consumer cards have no float64; its data-center cards do
        ask=presence.xpu,
        make=partial(torch.device, "xpu"),
        facts=hardware.xpu,
        generators=generators.XPU,
        synchronize=torch.xpu.synchronize,
    ),
    Device(
        name="directml",
        title="GPU through DirectML",
        type="privateuseone",
        dtypes=("float32", "float16"),  # DirectML's operator tables: arithmetic in these alone
        ask=presence.direct_ml,
        make=directml.torch_device,
        facts=hardware.direct_ml,
        widest="float32",
    ),
    Device(
        name="simulated",
        title="simulated accelerator",
        type="cpu",
        dtypes=DTYPES,
        ask=presence.always,
        make=partial(torch.device, "cpu"),
        widest="float32",
    ),
)

_ANSWERS: dict[str, str | None] = {}
_LOCK = threading.Lock()


def device(name: str) -> Device:
    """Give the row of that name; raises ValueError with the names.

    >>> device("cuda").title
    'NVIDIA GPU (CUDA)'
    """
    for row in DEVICES:
        if row.name == name:
            return row
    raise ValueError(f"device must be one of {', '.join(r.name for r in DEVICES)}, got {name!r}")


def computes(where: torch.device, dtype: str) -> bool:
    """Say whether every device of the kind that torch calls so computes in the dtype.

    >>> computes(torch.device("cuda", 1), "float64"), computes(torch.device("mps"), "float64")
    (True, False)
    """
    return any(row.type == where.type and dtype in row.dtypes for row in DEVICES)


def here() -> tuple[Device, ...]:
    """Give the rows of the devices that this process can use, in the table's order."""
    return tuple(row for row in DEVICES if row.absent() is None)


def forget() -> None:
    """Forget which devices are here, so that the next question is put to torch again."""
    with _LOCK:
        _ANSWERS.clear()
