"""What holding still costs: a function of the reader's, timed here with and without.

Owns the timing. Knows the block and which devices are to be waited for.
"""

import statistics
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from workbook.devices import rows
from workbook.recipe.block import deterministic


def price(function: Callable[[], Any], *, runs: int = 9, threads: int | None = None) -> str:
    """Measure what `deterministic` costs a function on this machine, in a sentence.

    Runs it `runs` times as things are and as often inside `deterministic`, in turns, after one run
    of each that is not counted, and compares the medians of the wall time; devices are waited for.
    ValueError for fewer than one run.

    >>> price(lambda: torch.ones(10).sum(), runs=3)[:38]
    'Inside deterministic a run takes here '
    """
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < 1:
        raise ValueError(f"runs must be a whole number from 1, got {runs!r}")
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(runs + 1):
        for held, times in taken.items():  # held first: CUDA may start here, and reads the variable
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "CUDA runs already")  # else for every run
                with deterministic(0, threads=threads) if held else nullcontext():
                    seconds = _seconds(function)
            if number:
                times.append(seconds)
    still, plain = (statistics.median(times) for times in taken.values())
    return (
        f"Inside deterministic a run takes here {still / plain:.2f} times as long: "
        f"{still * 1e3:.3g} ms against {plain * 1e3:.3g} ms, medians of {runs}."
    )


def _seconds(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    cuda: Any = torch.cuda  # untyped
    for row in rows.here():
        if row.type != "cuda" or cuda.is_initialized():  # waiting would start it
            row.synchronize()
    return time.perf_counter() - started
