"""The two sides of a comparison: the CPU, and the device beside it.

Owns running one computation on either side from the same inputs. The device is DirectML where it
works; elsewhere the simulated accelerator stands in, and results say so. Inputs and outputs are CPU
tensors: nothing is printed, compared or indexed on the device.
"""

from collections.abc import Callable

from torch import Tensor

from workbook.conditions import Conditions
from workbook.control import DeviceChoice
from workbook.devices import device

DEVICES = DeviceChoice("simulated", ("simulated", "directml", "cuda", "mps", "xpu", "cpu"))
"""The control for the device beside the CPU; the CPU itself is the control group."""

REFUSALS = (RuntimeError, TypeError)
"""What a device without float64 raises: RuntimeError on DirectML, TypeError on MPS."""

Compute = Callable[..., Tensor]


def nearest(otherwise: str = "simulated") -> str:
    """Choose the device that the chapter measures here: directml where it works, else another."""
    return "directml" if device("directml").absent() is None else otherwise


def on_cpu(compute: Compute, *inputs: Tensor) -> Tensor:
    """Compute on the CPU, outside of any simulation."""
    with Conditions():
        return compute(*inputs)


def on_device(where: Conditions, compute: Compute, *inputs: Tensor) -> Tensor:
    """Compute from copies of the inputs on the device of the conditions; the result comes back."""
    there = where.torch_device
    return compute(*(each.to(there) for each in inputs)).cpu()


def title(where: Conditions) -> str:
    """Name the device for a figure: a simulation is never called by a product's name."""
    return device(where.device).title
