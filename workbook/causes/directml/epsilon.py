"""The machine epsilon that an operation really has, whatever its dtype is called.

Owns one experiment: for each operation, dtype and side, the smallest power of two that still makes
a difference beside 1. The factor is the device; the numbers and their labels are the same.
"""

import math

import torch
from torch import Tensor

from workbook.causes.directml.sides import DEVICES, REFUSALS, Compute, on_cpu, on_device, title
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import format_of
from workbook.result import Finding
from workbook.simulated import SimulatedAccelerator

DTYPES = ("float64", "float32", "float16")
DOWNCAST, REFUSE = "keeps the label", "refuses"
KINDS: dict[Kind, str] = {
    "agrees": "as the label says",
    "wrong": "coarser than the label",
    "raises": "refused",
}
Found = dict[tuple[str, str, str], float | None]  # by dtype, side, operation

POWERS = 2.0 ** -torch.arange(61, dtype=torch.float64)


def epsilons(where: Conditions, *, float64: str) -> Finding:
    """Find the epsilon of five operations in three dtypes on both sides."""
    epsilons: Found = {}
    for dtype in DTYPES:
        for name, (compute, inputs) in _operations(dtype).items():
            epsilons[dtype, "CPU", name] = _epsilon(on_cpu(compute, *inputs))
            epsilons[dtype, "device", name] = _there(where, float64, compute, inputs)
    refused = [key for key, value in epsilons.items() if value is None]
    coarse = [key for key in epsilons if _kind(key[0], epsilons[key]) == "wrong"]
    reading = f"{len(coarse)} of {len(epsilons)} epsilons are coarser than their label says"
    reading += f", {len(refused)} were refused" if refused else ""
    values = {" ".join(key): value or "refused" for key, value in epsilons.items()}
    verdict = _verdict(epsilons, simulated=where.device == "simulated")
    return Finding(verdict, reading, _chart(epsilons, title(where)), values)


def _operations(dtype: str) -> dict[str, tuple[Compute, tuple[Tensor, ...]]]:
    """Let a small number act on 1 in five ways, for all the powers of two at once."""
    with Conditions():
        label = format_of(dtype).dtype
        ones, small = torch.ones(len(POWERS)).to(label), POWERS.to(label)
        near, pairs = (1 + POWERS).to(label), torch.stack([ones, small], dim=1)
        column = torch.ones(2, 1).to(label)
    return {
        "copy": (lambda x: x.clone(), (near,)),
        "a + b": (lambda x, y: x + y, (ones, small)),
        "a * b": (lambda x, y: x * y, (near, ones)),
        "sum": (lambda x: x.sum(dim=1), (pairs,)),
        "matmul": (lambda x, y: (x @ y).reshape(-1), (pairs, column)),
    }


def _there(
    where: Conditions, float64: str, compute: Compute, inputs: tuple[Tensor, ...]
) -> float | None:
    """Measure the epsilon on the device; None where the device refuses the dtype."""
    try:
        if where.device == "simulated" and float64 == REFUSE:
            with Conditions(), SimulatedAccelerator(float64="refuse"):
                result = on_device(where, compute, *inputs)
        else:
            result = on_device(where, compute, *inputs)
    except REFUSALS:
        return None
    return _epsilon(result)


def _epsilon(result: Tensor) -> float:
    with Conditions():
        return float(POWERS[result.double() != 1].min())


def _kind(dtype: str, epsilon: float | None) -> Kind:
    if epsilon is None:
        return "raises"
    return "agrees" if epsilon <= format_of(dtype).epsilon else "wrong"


def _verdict(epsilons: Found, *, simulated: bool) -> str:
    single = format_of("float32").epsilon
    reduced = [epsilons["float64", "device", name] for name in ("sum", "matmul")]
    others = [
        _kind(dtype, value) == "agrees"
        for (dtype, side, name), value in epsilons.items()
        if side == "CPU" or dtype != "float64"
    ]
    if not all(others):
        return "Some operation is coarser than its label says even outside of float64."
    there = [value for (*label, _), value in epsilons.items() if label == ["float64", "device"]]
    if simulated and not any(there):
        return "Set to refuse float64, the simulated device refuses it in every operation."
    if all(value in (None, single) for value in reduced):
        return (
            "The device has no float64 for sums and products: it refuses, "
            "or computes in float32 and keeps the label."
        )
    return "Sums and products have the epsilon that their label says, on both sides."


def _chart(epsilons: Found, name: str) -> Chart:
    table: dict[str, dict[str, Cell]] = {}
    for (dtype, side, operation), epsilon in epsilons.items():
        text = "refused" if epsilon is None else f"2^{round(math.log2(epsilon))}"
        cells = table.setdefault(f"{dtype}, {side}", {})
        cells[operation] = Cell(text, _kind(dtype, epsilon))
    title = f"smallest number that counts beside 1 (device: {name})"
    return Chart((Cells.of(table, KINDS, title),))


EPSILON = Experiment(
    name="empirical_epsilon",
    question="Which is the smallest number that still counts beside 1, in each operation?",
    factor="device",
    controls=(
        DEVICES,
        Choice(
            "float64",
            DOWNCAST,
            (DOWNCAST, REFUSE),
            label="float64 when simulated",
            help="what the simulated accelerator does with float64; GPUs of both kinds exist",
        ),
    ),
    measure=epsilons,
)
