"""Who makes float64 tensors: the dtype of tensors from several sources, on the CPU and the device.

Owns one experiment. The factor is where a tensor comes from; moving it changes the device alone.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from workbook.causes.directml.sides import DEVICES, REFUSALS
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding

SOURCES: tuple[tuple[str, Callable[[], Tensor]], ...] = (
    ("torch.tensor([0.1])", lambda: torch.tensor([0.1])),
    ("torch.rand(2)", lambda: torch.rand(2)),
    ("nn.Linear(2, 2).weight", lambda: torch.nn.Linear(2, 2).weight.detach()),
    ("torch.tensor(a NumPy array)", lambda: torch.tensor(np.array([0.1]))),
    ("torch.from_numpy(a NumPy array)", lambda: torch.from_numpy(np.random.rand(2))),
)
FROM_NUMPY = 3  # the row of SOURCES where NumPy's begin


def labels(where: Conditions) -> Finding:
    """Ask each source for a tensor, move it to the device, and read its dtype on both sides."""
    here = [_name(make()) for _, make in SOURCES]
    there = [_moved(where, make) for _, make in SOURCES]
    own, numpys = set(here[:FROM_NUMPY]), set(here[FROM_NUMPY:])
    kept = all(word in (before, "refused") for before, word in zip(here, there, strict=True))
    double = sum(word == "float64" for word in here)
    reading = f"{double} of {len(here)} sources give float64 on the CPU"
    values = {"default": next(iter(own)), "numpy": next(iter(numpys)), "kept": kept}
    return Finding(_verdict(own, numpys, kept), reading, values=values)


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _moved(where: Conditions, make: Callable[[], Tensor]) -> str:
    try:
        return _name(make().to(where.torch_device))
    except REFUSALS:
        return "refused"


def _verdict(own: set[str], numpys: set[str], kept: bool) -> str:
    if not kept:
        return "Moving a tensor to the device changed its dtype."
    if own == {"float32"} and numpys == {"float64"}:
        return "PyTorch makes float32; only what came from NumPy is float64, wherever it is moved."
    return f"PyTorch was told to make {', '.join(own)}; moving a tensor does not change its dtype."


WHOSE_DEFAULT = Experiment(
    name="whose_default",
    question="Who makes float64 tensors: the CPU, PyTorch or NumPy?",
    factor="where the tensor comes from",
    controls=(
        DEVICES,
        Choice("default_dtype", "float32", ("float32", "float64"), help="torch.set_default_dtype"),
    ),
    measure=labels,
)
