"""What runs side by side: torch's threads, Python's threads, loaders' workers.

Owns the patches of those. A library's own threads are left alone.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader

from workbook.diagnosis.interventions.intervention import AFTER, AGAIN, PAIR, Setting, on
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import is_user_file, line_of

_PATIENCE = 5.0  # seconds that a thread made to run alone may take


def _threads(run: Setting) -> None:
    real = torch.set_num_threads

    def set_num_threads(number: int) -> None:
        FACTS.add(Fact.SETS_THREADS)
        if not run.has(HOLD_THREADS):
            real(number)

    torch.set_num_threads = set_num_threads
    one_by_one = run.has(SERIAL)

    def joined(kind: Any) -> None:
        real_start = kind.start

        def start(self: Any) -> None:
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                real_start(self)  # a library's own thread
                return
            FACTS.add(Fact.THREADS)
            real_start(self)
            if one_by_one:
                self.join(_PATIENCE)

        kind.start = start

    joined(threading.Thread)
    real_submit = ThreadPoolExecutor.submit

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.THREADS)
        if not one_by_one:
            return real_submit(self, fn, *args, **kwargs)
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # it belongs to the caller, who asks the future
            done.set_exception(error)
        return done

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def _workers(run: Setting) -> None:
    real = DataLoader.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        args = list(args)  # type: ignore[assignment]
        number = kwargs.get("num_workers", args[5] if len(args) > 5 else 0)
        if number:
            FACTS.add(Fact.WORKERS)
            if kwargs.get("persistent_workers"):
                FACTS.add(Fact.PERSISTENT)
                FACTS.place("worker-copy", f"DataLoader at {line_of(sys._getframe(1))}")
                kwargs["persistent_workers"] = not run.has(FRESH_WORKERS)
            if run.has(NO_WORKERS):
                for name in (
                    "prefetch_factor",
                    "persistent_workers",
                    "multiprocessing_context",
                    "timeout",
                ):
                    kwargs.pop(name, None)
                del args[6:]  # type: ignore[attr-defined]
                if len(args) > 5:
                    del args[5]  # type: ignore[attr-defined]
                kwargs["num_workers"] = 0
        real(self, *args, **kwargs)

    DataLoader.__init__ = start  # type: ignore[method-assign]


SERIAL = on(
    "serial", "thread-race", "threads run one after another", 11,
    Fact.THREADS, axes=AGAIN | PAIR | AFTER, install=_threads,
)  # fmt: skip
FRESH_WORKERS = on(
    "fresh-workers", "worker-copy", "each epoch has workers of its own", 11,
    Fact.PERSISTENT, axes=AGAIN | PAIR, install=_workers,
)  # fmt: skip
NO_WORKERS = on(
    "no-workers", "worker-generator", "data is loaded without workers", 12,
    Fact.WORKERS, axes=AGAIN | PAIR, install=_workers, draws=True,
)  # fmt: skip
HOLD_THREADS = on(
    "hold-threads", "thread-count", "the program cannot change the number of threads", 62,
    Fact.SETS_THREADS, axes=AGAIN | PAIR, install=_threads,
)  # fmt: skip
ROWS = (SERIAL, FRESH_WORKERS, NO_WORKERS, HOLD_THREADS)
