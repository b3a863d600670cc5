"""Interventions on what runs side by side: torch's threads, Python's threads, loaders' workers.

Owns the patches of those. A library's own threads are left alone. They act in a child process that
ends with the run.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader

from workbook.diagnosis.facts import FACTS
from workbook.trace.places import is_user_file

On = frozenset[str]
_PATIENCE = 5.0  # seconds that a thread made to run alone may take


def install(on: On) -> None:
    """Patch threads and loaders; `on` names the interventions."""
    _threads(on)
    _workers(on)


def _threads(on: On) -> None:
    real = torch.set_num_threads

    def set_num_threads(number: int) -> None:
        FACTS.add("set-threads")
        if "hold-threads" not in on:
            real(number)

    torch.set_num_threads = set_num_threads
    alone = "serial" in on

    def joined(kind: Any) -> None:
        real_start = kind.start

        def start(self: Any) -> None:
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                real_start(self)  # a library's own thread
                return
            FACTS.add("threads")
            real_start(self)
            if alone:
                self.join(_PATIENCE)

        kind.start = start

    joined(threading.Thread)
    real_submit = ThreadPoolExecutor.submit

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        FACTS.add("threads")
        if not alone:
            return real_submit(self, fn, *args, **kwargs)
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # it belongs to the caller, who asks the future
            done.set_exception(error)
        return done

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def _workers(on: On) -> None:
    real = DataLoader.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        args = list(args)  # type: ignore[assignment]
        number = kwargs.get("num_workers", args[5] if len(args) > 5 else 0)
        if number:
            FACTS.add("workers")
            if "no-workers" in on:
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
