"""The diagnosis measured: labels against causes found, and what tracing costs.

The confusion matrix runs the corpus; the cost of tracing is taken in one run beside the bare model
and beside torch's own DebugMode with tensor hashes, where this torch has it.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
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


Around = Callable[[], AbstractContextManager[object]]
REPEATS = 25


def _least(step: Callable[[], object], arounds: list[Around]) -> list[float]:
    """The least CPU seconds of a step in each context; they take turns, as machines are busy."""
    best = [float("inf")] * len(arounds)
    for _ in range(REPEATS):
        for number, make in enumerate(arounds):
            gc.collect()  # what another context left is not this one's cost
            around = make()
            start = time.process_time()
            with around:
                step()
            best[number] = min(best[number], time.process_time() - start)
    return best


def _debug_mode() -> Around | None:
    """Torch's own DebugMode with hashes of inputs and outputs, where this torch has it."""
    try:
        from torch.utils._debug_mode import DebugMode
    except ImportError:
        return None
    if not hasattr(DebugMode, "log_tensor_hashes"):
        return None

    def make() -> AbstractContextManager[object]:
        stack = contextlib.ExitStack()
        stack.enter_context(DebugMode())
        stack.enter_context(DebugMode.log_tensor_hashes(hash_inputs=True))
        return stack

    return make


def tracing(width: int, *, backward: bool) -> tuple[float, float, float | None]:
    """CPU seconds of a 4-layer encoder, batch 8, sequence 32: bare, traced, under DebugMode."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        layer = torch.nn.TransformerEncoderLayer(width, 8, 4 * width, batch_first=True)
        model = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        x = torch.rand(8, 32, width)

        def step() -> None:
            made = model(x)
            if backward:
                made.square().mean().backward()

        step()
        probe = _debug_mode()
        found = _least(step, [contextlib.nullcontext, Trace, *([probe] if probe else [])])
        return found[0], found[1], found[2] if probe else None
    finally:
        torch.set_num_threads(threads)


def rows() -> Iterator[Row]:
    """What, the figure, the figure wanted."""
    for width, backward in itertools.product((256, 512), (False, True)):
        bare, traced, debug = tracing(width, backward=backward)
        beside = f"; DebugMode {debug / bare:.2f} times" if debug else ""
        yield (
            f"tracing a 4-layer encoder, width {width}, {'both passes' if backward else 'forward'}",
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
