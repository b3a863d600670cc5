"""Hardware: what each kind of device says of itself, its driver and its libraries.

Owns the programs and files that are read for it. It may not know the table of devices. Call these
functions only where the device is here: the table holds each beside the question whether it is.
"""

import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path

import torch

from workbook.devices import directml


def nothing() -> dict[str, str]:
    """Add no facts: what there is to say of the processor is said of every machine."""
    return {}


def cpu_name() -> str:
    """Give the processor's name, or the architecture where the system does not tell it."""
    try:
        if platform.system() == "Linux":
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
            match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
            return match.group(1).strip() if match else platform.machine()
        if platform.system() == "Darwin":
            return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    except OSError:
        return platform.machine()
    return platform.processor() or platform.machine()


@cache
def cuda() -> dict[str, str]:
    """Name the GPU, its driver, the runtime that torch was built with, and cuDNN's version.

    Where there are several GPUs, `cuda_count` says how many. All are read once a process: none
    changes, and asking the driver starts a program. A fork of a process that uses CUDA cannot use
    the GPU; it knows what was read before the fork, or says so.
    """
    if torch.cuda._is_in_bad_fork():
        return {"cuda": "out of reach: CUDA started before this process was forked"}
    cudnn: Callable[[], int | None] = torch.backends.cudnn.version
    driver = _output("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    count = torch.cuda.device_count()
    return {
        **({"cuda_count": str(count)} if count > 1 else {}),
        "cuda": torch.cuda.get_device_name(),
        "cuda_driver": driver or "unknown",
        "cuda_runtime": str(torch.version.cuda or getattr(torch.version, "hip", "unknown")),
        "cudnn": str(cudnn() or "none"),
    }


def xpu() -> dict[str, str]:
    """Name the Intel GPU."""
    return {"xpu": torch.xpu.get_device_name()}


def mps() -> dict[str, str]:
    """Name the Apple GPU: its name is that of the processor that it is a part of."""
    return {"mps": cpu_name()}


def direct_ml() -> dict[str, str]:
    """Name the adapter that is used, the display drivers and the version of torch-directml."""
    try:
        version = metadata.version("torch-directml")
    except metadata.PackageNotFoundError:  # a module on the path that no installer put there
        version = "unknown"
    return {
        "directml": directml.adapter_name(),
        "directml_driver": _windows_drivers(),
        "directml_version": version,
    }


@cache
def _windows_drivers() -> str:
    """Name every display adapter of Windows with its driver's version; asked once a process."""
    each = "$_.Name + ' ' + $_.DriverVersion"
    asked = f"(Get-CimInstance Win32_VideoController | ForEach-Object {{ {each} }}) -join ', '"
    return _output("powershell", "-NoProfile", "-Command", asked) or "unknown"


def _output(program: str, *arguments: str) -> str:
    """Give the first line that a small program writes within 10 s, or "" where it cannot run."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.strip().splitlines() if done.returncode == 0 else []
    return lines[0].strip() if lines else ""
