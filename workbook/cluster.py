"""A Dask cluster by the address of its scheduler: connecting, asking every worker, and losing one.

Owns the sentences for an address that nobody answers at and for a worker that is lost.
`distributed` is imported here only, and only when an address is given. Knows nothing of what is
asked.
"""

import importlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_ADDRESS = re.compile(r"((tcp|tls|ucx|wss?)://)?[\w.:\[\]-]+:\d+|inproc://\S+")

CONNECT = 10.0
"""Seconds within which the scheduler has to answer."""

PATIENCE = 300.0
"""Seconds within which a worker has to answer: importing torch from a cold disk takes a minute."""


@dataclass(frozen=True)
class Answers:
    """What each worker gave, by its address; and of those that gave nothing, why, in a sentence."""

    given: Mapping[str, Any]
    lost: Mapping[str, str]


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect to the scheduler at an address such as `tcp://10.0.0.1:8786`; gives the client.

    ValueError, in a sentence, where `distributed` is missing or nobody answers there.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"a cluster needs {missing.name}, which comes with the extra `fleet`: in the folder "
            "of the workbook, type `python -m pip install '.[fleet]'`"
        ) from missing
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"a cluster's address looks like tcp://10.0.0.1:8786, got {address!r}")
    try:
        client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:  # a time-out is an OSError
        raise ValueError(
            f"no Dask scheduler answers at {address!r} within {CONNECT:g} s: start one with `dask "
            "scheduler`, and type the address that it prints"
        ) from error
    with client:
        yield client


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """Give the executor of a cluster: what is submitted runs on whichever worker is free."""
    with connected(address) as client:
        yield client.get_executor(pure=False)


def ask(
    address: str, question: Callable[..., Any], *arguments: Any, patience: float | None = None
) -> Answers:
    """Call a function of a module once on every worker of a cluster.

    Each has `patience` seconds to answer, PATIENCE if none are given.

    ValueError for a cluster that cannot be reached or has no worker.
    """
    with connected(address) as client:
        waiting = {
            worker: client.submit(
                question, *arguments, workers=[worker], allow_other_workers=False, pure=False
            )
            for worker in sorted(client.nthreads())
        }
        if not waiting:
            raise ValueError(f"the cluster at {address} has no worker; start one with: dask worker")
        seconds = PATIENCE if patience is None else patience
        return _gathered(client, waiting, time.monotonic() + seconds)


def _gathered(client: Any, waiting: dict[str, Any], end: float) -> Answers:
    given: dict[str, Any] = {}
    lost: dict[str, str] = {}
    while waiting:
        here = set(client.nthreads())
        for worker, future in list(waiting.items()):
            if future.done():
                _take(worker, future, given, lost)
            elif worker not in here:
                lost[worker] = "the cluster lost this worker before it answered"
            elif time.monotonic() > end:
                lost[worker] = "this worker gave no answer in time"
            else:
                continue
            del waiting[worker]
        if waiting:
            time.sleep(0.1)
    return Answers(given, lost)


def _take(worker: str, future: Any, given: dict[str, Any], lost: dict[str, str]) -> None:
    try:
        given[worker] = future.result()
    except ModuleNotFoundError as missing:
        lost[worker] = f"this worker lacks {missing.name}: install the workbook there"
    except Exception as error:  # whatever went wrong there is told, and the others count
        lines = str(error).splitlines() or [""]
        lost[worker] = f"this worker failed: {type(error).__name__}: {lines[0]}"
