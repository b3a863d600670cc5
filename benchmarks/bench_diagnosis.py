"""The diagnosis measured: labels against causes found, and what tracing costs.

The confusion matrix runs the corpus; the cost of tracing is taken in one run beside the bare model
and beside torch's own DebugMode with tensor hashes, where this torch has it.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import torch

from tests.diagnosis_cases.rows import PROGRAMS
from workbook.diagnosis import Workers, diagnose
from workbook.trace import Trace

CASES = Path(__file__).parents[1] / "tests" / "diagnosis_cases"
Row = tuple[str, str, str]


def confusion() -> tuple[Counter[tuple[str, str]], list[float], int, int]:
    """Label against first cause, seconds for each program, and doubles found of all doubles."""
    counts: Counter[tuple[str, str]] = Counter()
    seconds: list[float] = []
    both = doubles = 0
    with Workers() as workers:
        for row in PROGRAMS:
            targets = [f"{CASES / row.name}.py:{name}" for name in row.targets.split()]
            start = time.perf_counter()
            answer = diagnose(*targets, model=row.targets == "build", workers=workers)
            seconds.append(time.perf_counter() - start)
            found, wanted = [one.cause for one in answer.causes] or ["unknown"], row.causes.split()
            if len(wanted) == 1:
                counts[(wanted[0], found[0])] += 1
            else:
                doubles += 1
                both += set(wanted) <= set(found)
                counts[("one of two", "one of two" if found[0] in wanted else found[0])] += 1
    return counts, seconds, both, doubles


def _best(step: Callable[[], object], make: Callable[[], AbstractContextManager[object]]) -> float:
    best = float("inf")
    for _ in range(9):
        around = make()
        start = time.perf_counter()
        with around:
            step()
        best = min(best, time.perf_counter() - start)
    return best


def _debug_mode() -> AbstractContextManager[object] | None:
    try:
        from torch.utils._debug_mode import DebugMode

        stack = contextlib.ExitStack()
        stack.enter_context(DebugMode())
        stack.enter_context(DebugMode.log_tensor_hashes(hash_inputs=True))
    except (ImportError, AttributeError, TypeError):
        return None
    return stack


def tracing(width: int) -> tuple[float, float, float | None]:
    """Seconds of a 4-layer encoder's forward and backward pass: bare, traced, under DebugMode."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        layer = torch.nn.TransformerEncoderLayer(width, 8, 4 * width, batch_first=True)
        model = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        x = torch.rand(8, 64, width)

        def step() -> None:
            model(x).square().mean().backward()

        step()
        bare, traced = _best(step, contextlib.nullcontext), _best(step, Trace)
        probe = _debug_mode()
        if probe is None:
            return bare, traced, None
        probe.__exit__(None, None, None)
        return bare, traced, _best(step, lambda: _debug_mode() or contextlib.nullcontext())
    finally:
        torch.set_num_threads(threads)


def rows() -> Iterator[Row]:
    """What, the figure, the figure wanted."""
    for width in (256, 512):
        bare, traced, debug = tracing(width)
        beside = f"; DebugMode {debug / bare:.2f} times" if debug else ""
        yield (
            f"tracing a 4-layer encoder, width {width}",
            f"{traced / bare:.2f} times bare{beside}",
            "<= 1.3 times",
        )
    counts, seconds, both, doubles = confusion()
    for (label, found), count in sorted(counts.items()):
        mark = "" if label == found else "  <-- mistaken"
        yield f"label {label}", f"{found}: {count}{mark}", "the label"
    right = sum(count for (label, found), count in counts.items() if label == found)
    yield "right first cause", f"{right} of {sum(counts.values())}", ">= 90 %"
    yield "both causes found", f"{both} of {doubles}", ">= 80 %"
    yield (
        "seconds for a program",
        f"median {sorted(seconds)[len(seconds) // 2]:.1f}, longest {max(seconds):.1f}",
        "<= 20",
    )
