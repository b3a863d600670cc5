"""Presence: for each kind of device, one question: is it here, and if not, why.

Owns the questions put to torch, with an answer in plain words. Nothing here raises, warns, or
imports a library that may take the process down. It may not know the table of devices.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch

from workbook.devices import directml

NO_CUDA = "This torch was built without CUDA."
NO_DRIVER = "No NVIDIA driver was found on this machine."
NO_MPS = "This torch was built without MPS, which needs a Mac with Apple silicon."
NO_MAC_GPU = "This Mac has no GPU that MPS can use, or its macOS is too old."
NO_XPU = "This torch was built without XPU, its back end for Intel GPUs."
NO_INTEL_GPU = "No Intel GPU with a working driver was found."


def always() -> str | None:
    """Say that a device is here on every machine."""
    return None


def cuda() -> str | None:
    """Say why CUDA is absent, or None where it can be used."""
    if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
        return NO_CUDA
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it would warn of is the reason below
        if torch.cuda.is_available():
            return None
        try:
            start: Callable[[], None] = torch.cuda.init
            start()  # fails here, and says why
            return None
        except (AssertionError, RuntimeError) as error:
            reason = str(error).strip() or "torch gives no reason."
    if "no NVIDIA driver" in reason:
        return NO_DRIVER
    return f"CUDA cannot be used here: {reason.splitlines()[0]}"


def mps() -> str | None:
    """Say why Apple's GPU is absent, or None where it can be used."""
    if not torch.backends.mps.is_built():
        return NO_MPS
    return None if torch.backends.mps.is_available() else NO_MAC_GPU


def xpu() -> str | None:
    """Say why Intel's GPU is absent, or None where it can be used."""
    if not getattr(torch._C, "_has_xpu", False):
        return NO_XPU
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return None if torch.xpu.is_available() else NO_INTEL_GPU


def direct_ml() -> str | None:
    """Say why DirectML is absent, or None after a check in a child process succeeded."""
    outcome = directml.probe()
    return None if outcome.code == "ok" else outcome.sentence


def started() -> Any:
    """Give torch's module for the accelerator that this process has started, or None.

    A fork of such a process cannot use it (CUDA, XPU; MPS does not say).
    """
    modules = (getattr(torch, name, None) for name in ("cuda", "xpu"))
    return next((module for module in modules if getattr(module, "is_initialized", bool)()), None)


def built_for_gpu() -> bool:
    """Whether this torch can start a GPU (CUDA, XPU), be one there or not; starts none."""
    cuda: bool = torch.backends.cuda.is_built()  # type: ignore[no-untyped-call]
    return cuda or bool(getattr(torch._C, "_has_xpu", False))
