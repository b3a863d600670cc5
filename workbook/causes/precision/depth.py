"""Error against depth: one deep stack of layers in float32 and in float64, by activation.

Owns one experiment. The factor is the format; weights and inputs are the same float32 numbers. A
stack has no biases, so that identity and ReLU do not feel the scale of the weights.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Integer, Seed
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding

WIDTH, ROWS = 64, 16
FEW, ALL = 1e-4, 0.1  # below the first, four printed digits agree; above the second, none is right
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "ReLU": torch.relu,
    "GELU": torch.nn.functional.gelu,
    "tanh": torch.tanh,
    "steep tanh": lambda x: torch.tanh(20 * x),
}


def by_activation(where: Conditions, *, gain: float, depth: int) -> Finding:
    """Send the same rows through the same layers in both formats, once for each activation."""
    # Uniform weights of variance gain^2 / WIDTH: a linear layer keeps lengths at gain 1.
    weights = gain * math.sqrt(3 / WIDTH) * (2 * torch.rand(depth, WIDTH, WIDTH) - 1)
    x = 2 * torch.rand(ROWS, WIDTH) - 1
    errors = {name: errors_of(act, x, weights, where) for name, act in ACTIVATIONS.items()}
    layers = range(1, depth + 1)
    series = tuple(Series(name, layers, error) for name, error in errors.items())
    axes = Axis("layer", 0, depth + 1), Axis("relative error of float32", 1e-8, 10, log=True)
    last = {name: error[-1] for name, error in errors.items()}
    reading = f"after {depth} layers: " + ", ".join(f"{name} {e:.1g}" for name, e in last.items())
    return Finding(_verdict(last, depth), reading, Chart((Panel(*axes, series),)), last)


def errors_of(
    activation: Callable[[Tensor], Tensor], x: Tensor, weights: Tensor, where: Conditions
) -> list[float]:
    """Measure the relative error in float32 after each layer: |h32 - h64| / |h64|, Euclidean."""
    single, double = x.to(where.torch_device), x.double()
    errors = []
    for layer in weights:
        single = activation(single @ layer.to(where.torch_device))
        # NumPy multiplies: an imitated accelerator has no float64 products.
        double = activation(torch.from_numpy(double.numpy() @ layer.double().numpy()))
        gap = single.cpu().double() - double
        errors.append(float(gap.norm() / double.norm()))
    return errors


def _verdict(last: dict[str, float], depth: int) -> str:
    keep = [name for name, error in last.items() if error < FEW]
    lose = [name for name, error in last.items() if not error <= ALL]
    some = [name for name in last if name not in keep + lose]
    said = [
        f"{verb} for {_listed(names)}"
        for verb, names in (
            ("agrees with float64", keep),
            ("keeps some digits", some),
            ("keeps no digit", lose),
        )
        if names
    ]
    return f"After {depth} layers float32 {'; it '.join(said)}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


DEPTH = Experiment(
    name="depth",
    question="Do rounding errors build up from layer to layer?",
    factor="dtype",
    controls=(
        Choice(
            "gain",
            1.0,
            (0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0),
            help="how much a layer enlarges its input",
            ordered=True,
        ),
        Integer("depth", 64, 8, 64, step=8, help="how many layers"),
        Seed(),
        DeviceChoice(),
    ),
    measure=by_activation,
    fixed=OPENING_CONDITIONS.replace(matmul_precision="highest"),
)
