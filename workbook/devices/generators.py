"""Generators: how the random states of a kind of device are read and written back.

Owns what torch calls this on each kind. It may not know the table of devices. A kind that draws
from the CPU's generator (DirectML, the simulated accelerator) has no states of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch


class Generators(NamedTuple):
    """Two functions: `read` gives the states of all devices of a kind, `write` puts them back.

    `read` gives None where this process may not use the device.
    """

    read: Callable[[], Any]
    write: Callable[[Any], object]


def _read_cpu() -> Any:
    return torch.get_rng_state()


def _write_cpu(states: Any) -> None:
    torch.set_rng_state(states)


def _read_cuda() -> Any:
    # A forked child cannot use its parent's CUDA, and then draws nothing from it.
    return None if torch.cuda._is_in_bad_fork() else torch.cuda.get_rng_state_all()


def _write_cuda(states: Any) -> None:
    torch.cuda.set_rng_state_all(states)


def _read_mps() -> Any:
    return torch.mps.get_rng_state()


def _write_mps(states: Any) -> None:
    torch.mps.set_rng_state(states)


def _read_xpu() -> Any:
    return None if torch.xpu._is_in_bad_fork() else torch.xpu.get_rng_state_all()


def _write_xpu(states: Any) -> None:
    torch.xpu.set_rng_state_all(states)


CPU = Generators(_read_cpu, _write_cpu)
CUDA = Generators(_read_cuda, _write_cuda)
MPS = Generators(_read_mps, _write_mps)
XPU = Generators(_read_xpu, _write_xpu)
