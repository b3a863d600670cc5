"""One matrix product by two libraries in two formats: who differs from whom, and why.

Owns one experiment. As printed, the comparison with NumPy changes the library and keeps the format
without saying so; with all four results the two factors can be told apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from workbook.bounds import Bound, matmul_bound
from workbook.chart import BLANK, Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

PRINTED, CHANGED = "as printed", "NumPy in both formats"
SAME, DOUBLE, SINGLE, BEYOND = (
    "equal in every bit",
    "as small as float64's rounding",
    "float32's rounding",
    "more than rounding",
)
KINDS: dict[str, Kind] = {
    SAME: "agrees",
    DOUBLE: "first",
    SINGLE: "within the bound",
    BEYOND: "wrong",
}
_KEY = "torch float32 / torch float64"


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
    names = list(results)
    pairs = {
        (x, y): _pair((x, results[x]), (y, results[y]), limits)
        for i, x in enumerate(names)
        for y in names[i + 1 :]
    }
    kinds = {pair: kind for pair, (_, kind) in pairs.items()}
    verdict = _printed_verdict(single.dtype) if version == PRINTED else _four_verdict(kinds)
    values = {f"{x} / {y}": found.max_abs for (x, y), (found, _) in pairs.items()}
    last = names[-1]
    reading = f"largest difference of torch float32 from torch float64 {values[_KEY]:.2g}"
    reading += f", from {last} {values[f'torch float32 / {last}']:.2g}"
    chart = Chart((_cells(names, pairs),))
    return Finding(verdict, reading, chart, values, tuple(found for found, _ in pairs.values()))


def _pair(
    first: tuple[str, Tensor], second: tuple[str, Tensor], limits: dict[torch.dtype, Bound]
) -> tuple[Comparison, str]:
    """Compare two results within the bounds of their formats, and say whose rounding it looks like.

    What stays within the bound of two float64 products is as small as float64's rounding.
    """
    (x, one), (y, two) = first, second
    bound = limits[one.dtype] + limits[two.dtype]
    found = compare(one.double(), two.double(), bound=bound, first=x, second=y)
    if found.verdict != "rounding":
        return found, SAME if found.identical else BEYOND
    tight = limits[torch.float64] + limits[torch.float64]
    small = compare(one.double(), two.double(), bound=tight).verdict == "rounding"
    return found, DOUBLE if small else SINGLE


def _printed_verdict(dtype: torch.dtype) -> str:
    if dtype == torch.float32:
        return (
            "NumPy computed in float32 too: its matrices came from float32 tensors. "
            "Two roundings were compared, not rounding with truth."
        )
    return "NumPy computed in float64, though its matrices came from float32 tensors."


def _four_verdict(kinds: dict[tuple[str, str], str]) -> str:
    across = [kind for (x, y), kind in kinds.items() if x[-2:] != y[-2:]]
    double = kinds["torch float64", "NumPy float64"]
    if BEYOND in kinds.values():
        return "Two of the results are further apart than rounding explains."
    if double in (SAME, DOUBLE) and set(across) == {SINGLE}:
        return (
            "In float64 the two libraries agree; only float32 differs from it. "
            "The cause is the format, not the library."
        )
    return "Every difference is rounding, but the formats do not tell the results apart."


def _cells(names: list[str], pairs: dict[tuple[str, str], tuple[Comparison, str]]) -> Cells:
    def cell(x: str, y: str) -> Cell:
        if x == y:
            return BLANK
        found, kind = pairs.get((x, y)) or pairs[y, x]
        return Cell(f"{found.max_abs:.0e}" if found.max_abs else "0", KINDS[kind])

    return Cells.of(
        {x: {y: cell(x, y) for y in names} for x in names},
        {kind: words for words, kind in KINDS.items()},
        "largest difference of any element",
    )


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
