"""What runs side by side: torch's threads, Python's threads, loaders' workers.

Owns the patches of those. A library's own threads are left alone.
"""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import torch
from torch.utils.data import DataLoader

from workbook.diagnosis.interventions.intervention import AFTER, AGAIN, PAIR, Setting, on
from workbook.diagnosis.patching import by_user, line, wrap, wrap_named
from workbook.diagnosis.probes.facts import FACTS, Fact

_PATIENCE = 5.0  # seconds that a thread made to run alone may take


def _threads(run: Setting) -> None:
    def set_num_threads(real: Any, number: int) -> None:
        FACTS.add(Fact.SETS_THREADS)
        if not run.has(HOLD_THREADS):
            real(number)

    def start(real: Any, thread: threading.Thread) -> None:
        real(thread)
        if by_user():  # else it is a library's own
            FACTS.add(Fact.THREADS)
            if run.has(SERIAL):
                thread.join(_PATIENCE)

    def submit(real: Any, pool: Any, task: Any, /, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.THREADS)
        done = real(pool, task, *args, **kwargs)
        if run.has(SERIAL):
            wait([done], _PATIENCE)
        return done

    wrap(set_num_threads, torch, "set_num_threads")
    wrap(start, threading.Thread, "start")
    wrap(submit, ThreadPoolExecutor, "submit")


def _workers(run: Setting) -> None:
    def start(real: Any, given: dict[str, Any]) -> None:
        if given["num_workers"]:
            FACTS.add(Fact.WORKERS, NO_WORKERS.cause, f"DataLoader at {line()}")
            if given["persistent_workers"]:
                FACTS.add(Fact.PERSISTENT, "worker-copy", f"DataLoader at {line()}")
                given["persistent_workers"] = not run.has(FRESH_WORKERS)
            if run.has(NO_WORKERS):
                given |= {"num_workers": 0, "timeout": 0, "multiprocessing_context": None,
                          "prefetch_factor": None, "persistent_workers": False}  # fmt: skip
        real(**given)

    wrap_named(start, DataLoader, "__init__")


SERIAL = on(
    "serial", "thread-race", "threads run one after another", 11, Fact.THREADS,
    axes=AGAIN | PAIR | AFTER, install=_threads)  # fmt: skip
FRESH_WORKERS = on(
    "fresh-workers", "worker-copy", "each epoch has workers of its own", 11, Fact.PERSISTENT,
    axes=AGAIN | PAIR, install=_workers)  # fmt: skip
NO_WORKERS = on(
    "no-workers", "worker-generator", "data is loaded without workers", 12, Fact.WORKERS,
    axes=AGAIN | PAIR, install=_workers, draws=True)  # fmt: skip
HOLD_THREADS = on(
    "hold-threads", "thread-count", "the program cannot change the number of threads", 62,
    Fact.SETS_THREADS, axes=AGAIN | PAIR, install=_threads,
    fix="Call torch.set_num_threads once, at the start, with the same number on both "
        "sides.")  # fmt: skip
ROWS = (SERIAL, FRESH_WORKERS, NO_WORKERS, HOLD_THREADS)
