"""Facts about this machine for cards and provenance, as words.

Owns what is read from the system, from torch and from the driver. It reads nothing that names a
person, a computer or a network. It may not know any experiment.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import torch

from workbook.devices import directml
from workbook.devices.rows import here

NUMERIC_VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
)
"""Environment variables that can change the bits of a result."""


def machine() -> dict[str, str]:
    """Give the facts that a result may depend on, each as a word or a short phrase.

    Always: python, torch, numpy, os, cpu, cores, capability (the instruction set that torch chose),
    threads, blas, devices. Where they apply: cuda (the GPU's name), cuda_driver, cuda_runtime,
    cudnn, xpu, mps, directml (the adapter's name), directml_driver, directml_version, and one
    entry for each variable of `NUMERIC_VARIABLES` that is set.

    >>> machine()["torch"] == torch.__version__
    True
    """
    facts = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "os": _system(),
        "cpu": _cpu_name(),
        "cores": str(os.cpu_count() or "unknown"),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "blas": _blas(),
        "devices": ", ".join(row.name for row in here()),
    }
    for row in here():
        if row.name in _DETAILS:
            facts.update(_DETAILS[row.name]())
    facts.update({name: os.environ[name] for name in NUMERIC_VARIABLES if name in os.environ})
    return facts


def _system() -> str:
    name = f"{platform.system()} {platform.release()}"
    if platform.system() == "Linux":
        try:
            name = platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            name = "Linux"
    if platform.system() == "Darwin":
        name = f"macOS {platform.mac_ver()[0]}"
    return f"{name} ({platform.machine()})"


def _cpu_name() -> str:
    """Give the processor's name, or the architecture where the system does not tell it."""
    try:
        if platform.system() == "Linux":
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
            found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
            return found.group(1).strip() if found else platform.machine()
        if platform.system() == "Darwin":
            return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    except OSError:
        return platform.machine()
    return platform.processor() or platform.machine()


def _blas() -> str:
    found = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return found.group(1) if found else "unknown"


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


def _cuda() -> dict[str, str]:
    cudnn: Callable[[], int | None] = torch.backends.cudnn.version
    driver = _output("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    return {
        "cuda": torch.cuda.get_device_name(),
        "cuda_driver": driver or "unknown",
        "cuda_runtime": str(torch.version.cuda or getattr(torch.version, "hip", "unknown")),
        "cudnn": str(cudnn() or "none"),
    }


def _directml() -> dict[str, str]:
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


_DETAILS: dict[str, Callable[[], dict[str, str]]] = {
    "cuda": _cuda,
    "xpu": lambda: {"xpu": torch.xpu.get_device_name()},
    "mps": lambda: {"mps": _cpu_name()},
    "directml": _directml,
}
