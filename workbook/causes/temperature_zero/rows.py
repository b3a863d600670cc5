"""torch's own linear layer: a row by itself and the same row among others.

Owns one experiment. The factor is the number of rows in a call; the rows and the weights are the
same. A cure is measured beside it: always as many rows, filled up with zeros.
"""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.bounds import Bound, gamma, matmul_bound
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Seed
from workbook.experiment import Experiment
from workbook.floats import bits
from workbook.result import Finding
from workbook.wording import percent

SHOWN, TILE = 64, 8
COUNTS = (1, 2, 3, 4, 8, 16, 31)
FORMATS = ("float32", "bfloat16", "float16")
PLAIN, TILED = "as it comes", f"tiles of {TILE} rows"
REPEATS = 5
CUBLAS = "PyTorch, Numerical accuracy: reduced precision reduction for 16-bit products on CUDA"
LEGEND: dict[Kind, str] = {
    "agrees": "every row as among all",
    "within the bound": "some rows differ, within the bound",
    "wrong": "beyond the bound",
}


def tiled(x: Tensor, w: Tensor) -> Tensor:
    """Multiply always TILE rows, the last ones filled up with zeros: one shape for every call."""
    parts = []
    for part in torch.split(x, TILE):
        full = F.pad(part, (0, 0, 0, TILE - len(part)))
        parts.append(F.linear(full, w)[: len(part)])
    return torch.cat(parts)


WAYS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {PLAIN: F.linear, TILED: tiled}


def cut(where: Conditions, *, features: int, outputs: int, total: int) -> Finding:
    """Hold the first rows, in calls with few rows, beside the same rows of one call with all."""
    x = 2 * torch.rand(total, features) - 1
    w = (2 * torch.rand(outputs, features) - 1) / features**0.5
    shares: dict[str, dict[str, float]] = {}
    worst: list[Comparison] = []
    seconds: dict[str, float] = {}
    for name in FORMATS:
        rows, weights = (each.to(where.torch_device, getattr(torch, name)) for each in (x, w))
        for way, linear in WAYS.items():
            line, compared = _held(rows, weights, linear)
            shares[f"{name}, {way}"] = line
            worst.append(compared)
            if name == FORMATS[0]:
                seconds[way] = _seconds(where, linear, rows[:1], weights)
    table = {
        name: {column: Cell(_told(share), _kind(share, compared))
               for column, share in line.items()}
        for (name, line), compared in zip(shares.items(), worst, strict=True)
    }  # fmt: skip
    title = f"the share of {SHOWN} rows that differ in smaller calls from one call with {total}"
    price = seconds[TILED] / seconds[PLAIN]
    reading = f"float32: {_told(max(shares[f'float32, {PLAIN}'].values()))} of the rows differ"
    reading += f"; a tile costs {price:.1f} times as much for one row"
    values = {"shares": shares, "price": price}
    chart = Chart((Cells.of(table, LEGEND, title),))
    return Finding(_verdict(worst), reading, chart, values, tuple(worst))


def _held(
    x: Tensor, w: Tensor, linear: Callable[[Tensor, Tensor], Tensor]
) -> tuple[dict[str, float], Comparison]:
    """Give the share of rows with other bits for each count, and the largest difference."""
    first = x[:SHOWN]
    bound = _bound(first, w)
    with torch.no_grad():
        whole = linear(x, w)[:SHOWN].cpu()
        few = {
            n: torch.cat([linear(part, w) for part in torch.split(first, n)]).cpu() for n in COUNTS
        }
    shares = {
        f"{n}": float((bits(each) != bits(whole)).any(1).double().mean()) for n, each in few.items()
    }
    n = max(few, key=lambda n: float((few[n].double() - whole.double()).abs().max()))
    names = {"first": f"{n} rows", "second": f"{len(x)} rows"}
    return shares, compare(few[n], whole, bound=bound + bound, **names)


def _bound(x: Tensor, w: Tensor) -> Bound:
    """Bound one product: 16-bit ones are added up in float32, and their result is rounded.

    cuBLAS may also round partial sums to 16 bits, each once (PyTorch's
    `allow_bf16_reduced_precision_reduction`, on unless it is switched off; so for float16).
    """
    if x.element_size() > 2:
        return matmul_bound(x.cpu(), w.cpu().T, x.dtype)
    gpu = x.device.type == "cuda"
    bound = matmul_bound(x.cpu(), w.cpu().T, "float32", result=x.dtype, tensor_cores=gpu)
    if not gpu or bound.scale is None:
        return bound
    return bound + Bound(gamma(1, x.dtype) * bound.scale, "rounded partial sums", CUBLAS)


def _seconds(
    where: Conditions, linear: Callable[[Tensor, Tensor], Tensor], x: Tensor, w: Tensor
) -> float:
    """Time one call, the fastest of a few, started and ended with the device idle."""
    times = []
    for _ in range(REPEATS):
        _wait(where)
        started = time.perf_counter()
        linear(x, w)
        _wait(where)
        times.append(time.perf_counter() - started)
    return min(times)


def _wait(where: Conditions) -> None:
    if where.torch_device.type == "cuda":
        torch.cuda.synchronize()


def _told(share: float) -> str:
    return percent(share) if share else "none"


def _kind(share: float, compared: Comparison) -> Kind:
    if not share:
        return "agrees"
    return "within the bound" if compared.within else "wrong"


def _verdict(worst: list[Comparison]) -> str:
    if all(each.within for each in worst):
        return "However many rows a call has, a row's result stays within the bound of rounding."
    return "Some rows differ by more than rounding explains."


ROWS = Experiment(
    "rows_in_a_call",
    "Does a row get the same bits in a call with few rows as in a call with many?",
    "number of rows in a call",
    (
        Choice("features", 256, (16, 64, 256, 1024, 4096), ordered=True),
        Choice("outputs", 256, (256, 1024, 4096), ordered=True),
        Choice("total", 64, (64, 512, 4096), label="rows in all", ordered=True),
        Seed(),
        DeviceChoice(),
    ),
    cut,
    recorded={"features": 4096, "outputs": 1024, "total": 4096},
)
