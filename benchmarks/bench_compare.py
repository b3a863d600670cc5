"""Time and memory of compare on 10 million float32, beside what torch itself needs.

The reference is one torch.equal plus one (a - b).abs().max() on the same tensors, interleaved with
compare in the same run; the figures are medians, of wall time and of the processor's. Aim: at most
3 times the reference, and at most 64 MB beyond the inputs. Memory is the growth of a child's peak,
measured once. Two threads on cores that are busy wait for each other at every operation, and
compare has many: the load stands above the table.
"""

import math
import os
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
    "unrelated, both signs": (lambda a: a.flip(0), None),
}


def pair(name: str) -> tuple[torch.Tensor, torch.Tensor, Bound | None]:
    """Make two tensors: uniform from 0 to 1, or from -1, from a fixed seed."""
    a = torch.rand(SIZE, generator=torch.Generator().manual_seed(0))
    if "signs" in name:
        a = a.mul_(2).sub_(1)
    other, bound = INPUTS[name]
    return other(a), a, bound


def milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """Time one call: on the wall, and what the processor spent on it."""
    start = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - start[0]) * 1e3, (time.process_time() - start[1]) * 1e3


def reference(a: torch.Tensor, b: torch.Tensor) -> None:
    """What compare is held against."""
    torch.equal(a, b)
    (a - b).abs().max()


def rows(repeats: int = 9, *, threads: int = 1, memory: bool = True) -> list[dict[str, Any]]:
    """Measure every pair: medians in ms, their ratios, and extra memory in MB."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return [_row(name, repeats, memory) for name in INPUTS]
    finally:
        torch.set_num_threads(before)


def _row(name: str, repeats: int, memory: bool) -> dict[str, Any]:
    a, b, bound = pair(name)
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(milliseconds(partial(reference, a, b)))
        ours.append(milliseconds(partial(compare, a, b, bound=bound)))
    (mine, spent), (other, theirs_spent) = (
        [statistics.median(column) for column in zip(*times, strict=True)]
        for times in (ours, theirs)
    )
    figures = {"compare (ms)": mine, "reference (ms)": other, "ratio": mine / other}
    figures["ratio of CPU time"] = spent / theirs_spent
    return {"inputs": name, **figures, **({"memory (MB)": extra_memory(name)} if memory else {})}


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


def main(threads: tuple[int, ...] = (1, 2)) -> None:
    """Print a table for each number of threads."""
    for number in threads:
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(f"compare on {SIZE:,} float32, threads: {number}{load}")
        table = rows(threads=number, memory=number == 1)
        print("  ".join(f"{column:>21}" for column in table[0]))
        for row in table:
            cells = (value if isinstance(value, str) else f"{value:.1f}" for value in row.values())
            print("  ".join(f"{cell:>21}" for cell in cells))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        _print_extra_memory(sys.argv[2])
    else:
        main(tuple(map(int, sys.argv[1:])) or (1, 2))
