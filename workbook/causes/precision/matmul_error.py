"""The error of a matrix product: against the length of its sums, in four formats.

Owns one experiment. The factor is the format; the two matrices are the same float32 numbers each
time and the truth is their product in float64. tf32 is not a dtype: its inputs are rounded here
and added up in float32, as the hardware does it, so that it can be seen on any machine.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from workbook.bounds import Bound, matmul_bound
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import error_of
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Seed
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.floats import format_of, round_to
from workbook.result import Finding
from workbook.wording import percent

FORMATS = ("float32", "tf32", "float16", "bfloat16")
LENGTHS = tuple(2**power for power in range(1, 13))
SIDE = 8  # rows of the first matrix and columns of the second: their number changes no error
POSITIVE, SIGNED = ENTRIES = "from 0 to 1", "from −1 to 1"


def against_length(where: Conditions, *, format: str, entries: str) -> Finding:
    """Multiply the first n columns and rows of two matrices, for growing n and every format."""
    a, b = torch.rand(SIDE, LENGTHS[-1]), torch.rand(LENGTHS[-1], SIDE)
    if entries == SIGNED:
        a, b = 2 * a - 1, 2 * b - 1
    errors: dict[str, list[float]] = {name: [] for name in FORMATS}
    limits: dict[str, list[float]] = {"certain": [], "likely": []}
    for length in LENGTHS:
        first, second = a[:, :length].contiguous(), b[:length]
        exact, scale = _exact(first, second), _exact(first.abs(), second.abs())
        products = {name: _product(first, second, name, where) for name in FORMATS}
        for name, product in products.items():
            errors[name].append(float(((product.double() - exact).abs() / scale).amax()))
        bound = bound_of(first, second, format)
        limits["certain"].append(float((bound.limit / scale).amin()))
        limits["likely"].append(float((bound.probable / scale).amin()))
    compared = error_of(products[format], exact, bound=bound, first=format, second="float64")
    used = {kind: errors[format][-1] / limit[-1] for kind, limit in limits.items()}
    reading = (
        f"{format} at n = {LENGTHS[-1]:,}: error {errors[format][-1]:.2g}, "
        f"{percent(used['certain'], 1)} of the certain bound, {percent(used['likely'])} of the "
        "likely one"
    )
    within = all(e <= top for e, top in zip(errors[format], limits["certain"], strict=True))
    values = {**errors, **limits}
    chart = _chart(errors, limits, format)
    return Finding(_verdict(format, within), reading, chart, values, (compared,))


def bound_of(a: Tensor, b: Tensor, name: str) -> Bound:
    """Bound the product of two float32 matrices in a format that adds up in float32.

    What is not float32 rounds both inputs; a 16-bit result is rounded once more.
    """
    inputs = None if name == "float32" else name
    result = name if name.endswith("16") else None
    return matmul_bound(a, b, "float32", inputs=inputs, result=result)


def _product(a: Tensor, b: Tensor, name: str, where: Conditions) -> Tensor:
    dtype = format_of(name).dtype
    if dtype is None:
        left, right = round_to(a, name), round_to(b, name)
    else:
        left, right = a.to(dtype), b.to(dtype)
    return (left.to(where.torch_device) @ right.to(where.torch_device)).cpu()


def _exact(a: Tensor, b: Tensor) -> Tensor:
    """Multiply in float64, by NumPy: an imitated accelerator has no float64 products."""
    return torch.from_numpy(a.double().numpy() @ b.double().numpy())


def _verdict(name: str, within: bool) -> str:
    if within:
        return f"Every {name} product stays within the bound derived for it: its error is rounding."
    return f"Some {name} product is beyond the bound derived for it: this is more than rounding."


def _chart(
    errors: Mapping[str, list[float]], limits: Mapping[str, list[float]], name: str
) -> Chart:
    labels = {other: other for other in FORMATS} | {"tf32": "tf32 (inputs rounded, float32 sums)"}
    lines = tuple(Series(labels[other], LENGTHS, errors[other]) for other in FORMATS)
    label = f"{name}: likely to certain bound"
    band = Series(label, LENGTHS, limits["likely"], "band", upper=limits["certain"])
    ticks = tuple((float(n), f"{n}") for n in LENGTHS[::2])
    axes = (
        Axis("n, the number of products in each sum", 1.7, 4800, log=True, ticks=ticks),
        Axis("largest error / (|A| |B|)", 1e-9, 1e-1, log=True),
    )
    return Chart((Panel(*axes, (band, *lines)),))


MATMUL_ERROR = Experiment(
    name="matmul_error",
    question="How far off is a matrix product, and how does that grow with its size?",
    factor="format",
    controls=(
        Choice("format", "float32", FORMATS, help="whose bound is drawn"),
        Choice("entries", POSITIVE, ENTRIES, help="the range of the matrices' entries"),
        Seed(),
        DeviceChoice(),
    ),
    measure=against_length,
    fixed=OPENING_CONDITIONS.replace(matmul_precision="highest"),
)
