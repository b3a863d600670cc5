"""Facts about this machine for cards and provenance, as words.

Owns what is read from the system and from torch; what each kind of device says of itself stands in
its row. It reads nothing that names a person, a computer or a network, and knows no experiment.
"""

import os
import platform
import re

import numpy as np
import torch

from workbook.devices import hardware
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
    threads, blas, devices. Where they apply: cuda (the GPU's name), cuda_count, cuda_driver,
    cuda_runtime, cudnn, xpu, mps, directml (the adapter's name), directml_driver,
    directml_version, and one entry for each variable of `NUMERIC_VARIABLES` that is set.

    >>> machine()["torch"] == torch.__version__
    True
    """
    facts = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "os": _system(),
        "cpu": hardware.cpu_name(),
        "cores": str(os.cpu_count() or "unknown"),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "blas": _blas(),
        "devices": ", ".join(row.name for row in here()),
    }
    for row in here():
        facts.update(row.facts())
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


def _blas() -> str:
    match = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return match.group(1) if match else "unknown"
