"""One matrix product by two libraries in two formats: who differs from whom, and why.

Owns one experiment. As printed, the comparison with NumPy changes the library and keeps the format
without saying so; with all four results the two factors can be told apart.
"""

import itertools

import torch

from workbook.bounds import matmul_bound
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

PRINTED, CHANGED = "as printed", "NumPy in both formats"
MUCH = 1000  # float64 rounds 2**29 times as finely


def products(where: Conditions, *, version: str, size: int) -> Finding:
    """Multiply two float32 matrices by torch and by NumPy and compare every pair of results."""
    a, b = 2 * torch.rand(2, size, size) - 1
    results = {"torch float32": a @ b, "torch float64": a.double() @ b.double()}
    single = torch.from_numpy(a.numpy() @ b.numpy())
    if version == PRINTED:
        results["NumPy"] = single
    else:
        double = torch.from_numpy(a.numpy().astype("float64") @ b.numpy().astype("float64"))
        results |= {"NumPy float32": single, "NumPy float64": double}
    limits = {dtype: matmul_bound(a, b, dtype) for dtype in (torch.float32, torch.float64)}
    pairs = {
        (x, y): compare(a.double(), b.double(), bound=limits[a.dtype] + limits[b.dtype])
        for (x, a), (y, b) in itertools.combinations(results.items(), 2)
    }
    values = {f"{x} / {y}": comparison.max_abs for (x, y), comparison in pairs.items()}
    verdict = _printed(single.dtype) if version == PRINTED else _four(values)
    if any(comparison.verdict == "wrong" for comparison in pairs.values()):
        verdict = "Two of the results are further apart than rounding explains."
    apart = [comparison.max_abs for (x, _), comparison in pairs.items() if x == "torch float32"]
    reading = f"largest difference of torch float32 from torch float64 {apart[0]:.2g}"
    reading += f", from {list(results)[-1]} {apart[-1]:.2g}"
    return Finding(verdict, reading, values=values, comparisons=tuple(pairs.values()))


def _printed(dtype: torch.dtype) -> str:
    if dtype == torch.float32:
        return (
            "NumPy computed in float32 too: its matrices came from float32 tensors. "
            "Two roundings were compared, not rounding with truth."
        )
    return "NumPy computed in float64, though its matrices came from float32 tensors."


def _four(values: dict[str, float]) -> str:
    """Say which of the two factors tells results apart: the library or the format."""
    across = [gap for pair, gap in values.items() if "float32" in pair and "float64" in pair]
    if values["torch float64 / NumPy float64"] * MUCH < min(across):
        return (
            "In float64 the two libraries agree; only float32 differs from it. "
            "The cause is the format, not the library."
        )
    return "Every difference is rounding, but the formats do not tell the results apart."


FOUR_PRODUCTS = Experiment(
    name="four_products",
    question="Does PyTorch or float32 make this matrix product inexact?",
    factor="dtype and library, each in turn",
    controls=(
        Choice("version", PRINTED, (PRINTED, CHANGED)),
        LogRange("size", 64, 4, 9, base=2, help="rows and columns"),
        Seed(),
    ),
    measure=products,
)
