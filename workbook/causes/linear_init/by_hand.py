"""The formula of nn.Linear, written out: is the layer anything more?

Owns one experiment. The factor is the way to compute; input, weights and bias are the same. Which
ways agree in every bit depends on the machine, so the words are held to rounding.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from workbook.bounds import matmul_bound
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, LogRange, Seed
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding

ROWS = 32
PRODUCT, SUMS, NOT_TURNED = "x @ W.T + b", "(x[:, None] * W).sum(-1) + b", "x @ W + b"
WAYS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    PRODUCT: lambda x, w, b: x @ w.T + b,
    SUMS: lambda x, w, b: (x[:, None] * w).sum(-1) + b,
    NOT_TURNED: lambda x, w, b: x @ w + b,
}


def written_out(where: Conditions, *, inputs: int) -> Finding:
    """Compute a square layer's output by the layer and by three formulas."""
    with torch.no_grad():
        layer = nn.Linear(inputs, inputs)
        x = 2 * torch.rand(ROWS, inputs) - 1
        factors = torch.cat([x, torch.ones(ROWS, 1)], 1)
        weights = torch.cat([layer.weight, layer.bias[:, None]], 1)
        limit = matmul_bound(factors, weights.T, "float32")
        layer, there = layer.to(where.torch_device), x.to(where.torch_device)
        output = layer(there).cpu()
        comparisons = {
            way: compare(
                formula(there, layer.weight, layer.bias).cpu(),
                output,
                bound=limit + limit,
                first=way,
                second="the layer",
            )
            for way, formula in WAYS.items()
        }
    largest = ", ".join(f"{way} by {each.max_abs:.1g}" for way, each in comparisons.items())
    reading = f"largest difference from the layer: {largest}"
    values = {way: each.within for way, each in comparisons.items()}
    every = tuple(comparisons.values())
    return Finding(_verdict(comparisons), reading, values=values, comparisons=every)


def _verdict(comparisons: dict[str, Comparison]) -> str:
    turned = [comparisons[way].within for way in (PRODUCT, SUMS)]
    if not all(turned):
        return "The layer gives other numbers than its formula, by more than rounding."
    if not comparisons[NOT_TURNED].within:
        return "nn.Linear is x @ W.T + b up to rounding. Without the T it is another map."
    return "nn.Linear is x @ W.T + b up to rounding. Here the T makes no difference."


BY_HAND = Experiment(
    name="linear_by_hand",
    question="Is nn.Linear anything more than its formula?",
    factor="the way to compute",
    controls=(LogRange("inputs", 64, 1, 8, base=2, help="and outputs"), Seed(), DeviceChoice()),
    measure=written_out,
    fixed=OPENING_CONDITIONS.replace(matmul_precision="highest"),
)
