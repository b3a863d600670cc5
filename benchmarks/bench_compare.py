"""Time and memory of compare on 10 million float32, beside what torch itself needs.

The reference is one torch.equal plus one (a - b).abs().max() on the same tensors, interleaved with
compare in the same run; the figures are medians. Aim: at most 3 times the reference, and at most
64 MB beyond the inputs. Memory is the growth of a child process's peak, measured once.
"""

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from workbook.bounds import Bound
from workbook.comparison import compare

SIZE = 10_000_000
LOOSE = Bound(1.0, "loose", "made up")


INPUTS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Bound | None]] = {
    "equal": (torch.clone, None),
    "one element differs": (lambda a: a.clone().index_fill_(0, torch.tensor(SIZE // 2), 2), None),
    "all differ by rounding": (lambda a: torch.nextafter(a, torch.tensor(2.0)), None),
    "all differ, with a bound": (lambda a: torch.nextafter(a, torch.tensor(2.0)), LOOSE),
    "unrelated": (lambda a: a.flip(0), None),
}


def pair(name: str) -> tuple[torch.Tensor, torch.Tensor, Bound | None]:
    """Make two tensors: uniform from 0 to 1, from a fixed seed."""
    a = torch.rand(SIZE, generator=torch.Generator().manual_seed(0))
    other, bound = INPUTS[name]
    return other(a), a, bound


def milliseconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def reference(a: torch.Tensor, b: torch.Tensor) -> None:
    """What compare is held against."""
    torch.equal(a, b)
    (a - b).abs().max()


def rows(repeats: int = 9) -> list[dict[str, Any]]:
    """Measure every pair on one thread: medians in ms, their ratio, and extra memory in MB."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [_row(name, repeats) for name in INPUTS]
    finally:
        torch.set_num_threads(threads)


def _row(name: str, repeats: int) -> dict[str, Any]:
    a, b, bound = pair(name)
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(milliseconds(partial(reference, a, b)))
        ours.append(milliseconds(partial(compare, a, b, bound=bound)))
    mine, other = statistics.median(ours), statistics.median(theirs)
    figures = {"compare (ms)": mine, "reference (ms)": other, "ratio": mine / other}
    return {"inputs": name, **figures, "extra memory (MB)": extra_memory(name)}


def extra_memory(name: str) -> float:
    """Measure the growth of a child's peak memory over one comparison, in MB; NaN without /proc."""
    if sys.platform != "linux":
        return math.nan
    command = [sys.executable, __file__, "--memory", name]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _print_extra_memory(name: str) -> None:
    a, b, bound = pair(name)
    compare(a[:9], b[:9])
    before = _peak()
    compare(a, b, bound=bound)
    print((_peak() - before) / 1e6)


def _peak() -> int:
    """Read this process's peak memory; getrusage would hand on the parent's (Linux, execve)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Print the table."""
    print(f"compare on {SIZE:,} float32, one thread")
    table = rows()
    print("  ".join(f"{column:>24}" for column in table[0]))
    for row in table:
        cells = (value if isinstance(value, str) else f"{value:.1f}" for value in row.values())
        print("  ".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        _print_extra_memory(sys.argv[2])
    else:
        main()
