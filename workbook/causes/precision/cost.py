"""What float64 costs: bytes, which are the same everywhere, and time, which is this machine's.

Owns one experiment. The factor is the format. The verdict speaks of bytes only.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from workbook import devices
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, LogRange
from workbook.experiment import Experiment
from workbook.result import Finding

REPEATS = 5  # the shortest of these counts: the others were disturbed
OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "x + x": lambda x: x + x,
    "exp(x)": torch.exp,
    "sum(x)": torch.sum,
    "x @ x": lambda x: x @ x,
}
REAL_DEVICES = ("cpu", "cuda", "mps", "xpu", "directml")  # an imitation has no times of its own
DTYPES = (torch.float32, torch.float64)


def bytes_and_time(where: Conditions, *, side: int) -> Finding:
    """Measure the bytes of a square matrix and the time of four operations, in both formats."""
    devices.device(where.device).require("float64")
    x = torch.rand(side, side)
    matrices = {str(t).removeprefix("torch."): x.to(where.torch_device, t) for t in DTYPES}
    sizes = {name: matrix.element_size() * matrix.numel() for name, matrix in matrices.items()}
    single, double = matrices["float32"], matrices["float64"]
    ratios = {
        name: _shortest(operation, double) / _shortest(operation, single)
        for name, operation in OPERATIONS.items()
    }
    times = ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items())
    reading = f"{sizes['float64']:,} bytes, not {sizes['float32']:,}; times as long here: {times}"
    twice = sizes["float64"] == 2 * sizes["float32"]
    verdict = "A float64 tensor takes twice the bytes of a float32 tensor."
    if not twice:
        verdict = "Here a float64 tensor does not take twice the bytes of a float32 tensor."
    return Finding(verdict, reading, values={**sizes, **ratios})


def _shortest(operation: Callable[[Tensor], Tensor], x: Tensor) -> float:
    operation(x)  # the first call may set something up
    durations = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        operation(x).reshape(-1)[0].item()  # reading one value waits until it is there
        durations.append(time.perf_counter() - started)
    return min(durations)


COST = Experiment(
    name="cost",
    question="What does float64 cost in memory and in time?",
    factor="dtype",
    controls=(
        LogRange("side", 256, 5, 9, base=2, help="rows and columns"),
        DeviceChoice(options=REAL_DEVICES),
    ),
    measure=bytes_and_time,
)
