"""TF32: a product of float32 numbers with 11 bits of each, and the switches that allow it.

Owns one experiment. The factor is the switch: operands and device stay. The truth is float64 on the
CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.bounds import matmul_bound
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, error_of
from workbook.conditions import Changes, Conditions
from workbook.control import LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import round_to
from workbook.result import Finding

BY_HAND = "rounded by hand"
# What each switch allows at worst: the format to which operands may be rounded.
MATMULS: dict[str, tuple[Changes, str | None]] = {
    "highest": ({"matmul_precision": "highest"}, None),
    "high": ({"matmul_precision": "high"}, "tf32"),
    "medium": ({"matmul_precision": "medium"}, "bfloat16"),
}
CONVOLUTIONS: dict[str, tuple[Changes, str | None]] = {
    "off": ({"cudnn_tf32": False}, None),
    "on": ({"cudnn_tf32": True}, "tf32"),
}
IMAGES, CHANNELS, SIDE = 4, 64, 32


def compare_switches(where: Conditions, *, size: int) -> Finding:
    """Multiply two matrices, and convolve an image, under every switch; measure the errors."""
    a, b = torch.rand(size, size) - 0.5, torch.rand(size, size) - 0.5
    image = torch.rand(IMAGES, CHANNELS, SIDE, SIDE) - 0.5
    filters = torch.rand(CHANNELS, CHANNELS, 3, 3) - 0.5
    patches = F.unfold(image.double(), 3).transpose(1, 2)
    flat = filters.double().flatten(1).T
    found: dict[str, tuple[float, Comparison]] = {}
    for name, (changes, inputs) in MATMULS.items():
        with where.replace(**changes):
            product = (a.to(where.torch_device) @ b.to(where.torch_device)).cpu()
        found[f"matmul, {name}"] = _error(product, a, b, inputs, where)
    rounded = [round_to(one, "tf32") for one in (a, b)]
    found[f"matmul, {BY_HAND}"] = _error(rounded[0] @ rounded[1], a, b, "tf32")
    for name, (changes, inputs) in CONVOLUTIONS.items():
        with where.replace(**changes):
            convolved = F.conv2d(image.to(where.torch_device), filters.to(where.torch_device))
        convolved = convolved.cpu().flatten(2).transpose(1, 2)
        found[f"conv, {name}"] = _error(convolved, patches, flat, inputs, where)
    errors = {name: error for name, (error, _) in found.items()}
    digits = {name: f"{error:.1e}" for name, error in errors.items()}
    reading = "matmul {}, {}, {}; by hand {}; convolution off {}, on {}".format(*digits.values())
    compared = tuple(one for _, one in found.values())
    coarse = [name for name, error in errors.items() if error > 20 * errors["matmul, highest"]]
    values = {"errors": errors, "coarse": coarse}
    return Finding(_verdict(compared), reading, _chart(errors), values, compared)


def _error(
    product: Tensor, a: Tensor, b: Tensor, inputs: str | None, where: Conditions | None = None
) -> tuple[float, Comparison]:
    """The relative error in the Frobenius norm, and the product against its bound."""
    exact = a.double() @ b.double()
    cores = inputs is not None and where is not None and where.device == "cuda"
    bound = matmul_bound(a, b, "float32", inputs=inputs, tensor_cores=cores)
    relative = float((product.double() - exact).norm() / exact.norm())
    return relative, error_of(product.contiguous(), exact, bound=bound)


def _verdict(compared: tuple[Comparison, ...]) -> str:
    if not all(one.within for one in compared):
        return "A product is further off than the format that its switch allows explains."
    return "Every product stays within the bound of the format that its switch allows."


def _chart(errors: dict[str, float]) -> Chart:
    places = tuple(float(place) for place in range(len(errors)))
    ticks = tuple(
        zip(
            places,
            (name.replace("matmul, ", "").replace("conv, ", "conv ") for name in errors),
            strict=True,
        )
    )
    bars = Series("relative error", places, tuple(errors.values()), "points")
    half = Series("half a ULP in TF32", (), (2.0**-11,), "rule")
    fine = Series("half a ULP in float32", (), (2.0**-24,), "rule")
    axes = Axis("", -0.5, len(errors) - 0.5, ticks=ticks), Axis("error", 1e-8, 1e-1, log=True)
    return Chart((Panel(*axes, (bars, half, fine)),))


TF32 = Experiment(
    name="tf32",
    question="Which products use TF32, and what does it cost in digits?",
    factor="the switch",
    controls=(LogRange("size", 128, 5, 10, base=2), Seed(), DEVICE),
    measure=compare_switches,
    recorded={"size": 1024},
)
