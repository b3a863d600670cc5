"""Ambient things a run can be given: generators' start, clock, file order.

Owns the patches that make each of them a setting. They act in a child process that ends with the
run, so nothing is put back here. Every setting is deterministic: the same settings, the same run.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import random
import secrets
import sys
import time
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.facts import FACTS
from workbook.trace.places import is_user_file

_DATETIME, _DATE = datetime.datetime, datetime.date
_REAL_CLOCK: dict[str, Any] = {}
_ASKED = {"clock": 0, "entropy": 0}  # how often each was asked in this process


def asked(name: str) -> int:
    """How often the clock, or entropy, was asked so far."""
    return _ASKED[name]


def rewind(name: str, count: int) -> None:
    """Let the clock, or entropy, go on as if it had been asked `count` times."""
    _ASKED[name] = count


def clock(number: int, now: float) -> None:
    """Make time a function of how often it was asked: another `number`, another day and hour.

    `now` is in seconds since 1970. It should be true: programs compare the time with dates.
    """
    start = now + 3_925_057.891 * number  # 45 days: another month, day, weekday, hour, minute
    tick = 0.001 * (1 + number)

    def seconds() -> float:
        _ASKED["clock"] += 1
        FACTS.add("clock")
        return start + tick * _ASKED["clock"]

    def patched(name: str, scale: float) -> None:
        real = _REAL_CLOCK.setdefault(name, getattr(time, name))

        def ask() -> Any:  # libraries wait and measure by the real clock
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                return real()
            return seconds() if scale == 1 else int(seconds() * scale)

        setattr(time, name, ask)

    for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time"):
        patched(name, 1)
        patched(f"{name}_ns", 1e9)
    _calendar(seconds)


def _calendar(seconds: Any) -> None:
    """The same for what tells the date."""

    def moment(depth: int = 2) -> float:
        ours = is_user_file(sys._getframe(depth).f_code.co_filename)
        return float(seconds() if ours else _REAL_CLOCK["time"]())

    def patched(name: str) -> None:
        real = _REAL_CLOCK.setdefault(name, getattr(time, name))
        setattr(time, name, lambda at=None: real(moment() if at is None else at))

    for name in ("localtime", "gmtime", "ctime"):
        patched(name)
    real_form = _REAL_CLOCK.setdefault("strftime", time.strftime)
    time.strftime = lambda form, at=None: real_form(
        form, time.localtime(moment()) if at is None else at
    )  # type: ignore[assignment]

    class Moment(_DATETIME):  # type: ignore[valid-type]  # the real class, kept
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(moment(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(moment(), datetime.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(moment())

    class Day(_DATE):  # type: ignore[valid-type]  # the real class, kept
        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(moment())

    datetime.datetime = Moment  # type: ignore[misc]
    datetime.date = Day  # type: ignore[misc]


def files(order: str) -> None:
    """Give folders' entries in name order, or in the reverse of it."""
    real_listdir, real_scandir = os.listdir, os.scandir
    backward = order == "reversed"

    def listdir(path: Any = ".") -> list[Any]:
        FACTS.add("listing")
        return sorted(real_listdir(path), reverse=backward)

    class Scan:
        def __init__(self, path: Any = ".") -> None:
            FACTS.add("listing")
            with real_scandir(path) as entries:
                self._entries = iter(sorted(entries, key=lambda e: e.name, reverse=backward))

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self._entries)

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def close(self) -> None:
            return None

    os.listdir = listdir  # type: ignore[assignment]
    os.scandir = Scan  # type: ignore[assignment,misc]


def generators(number: int) -> None:
    """Start every generator, and every source of entropy that Python can reach, from `number`."""
    torch.manual_seed(1_000 + number)
    np.random.seed(1_000 + number)
    random.seed(1_000 + number)

    def entropy(count: int) -> bytes:
        _ASKED["entropy"] += 1
        FACTS.add("entropy")
        return hashlib.shake_128(f"{number}:{_ASKED['entropy']}".encode()).digest(count)

    def fresh() -> int:
        return int.from_bytes(entropy(8), "little")

    os.urandom = entropy
    secrets.token_bytes = lambda nbytes=None: entropy(nbytes or 32)  # type: ignore[assignment]
    secrets.token_hex = lambda nbytes=None: entropy(nbytes or 32).hex()  # type: ignore[assignment]
    secrets.randbits = lambda k: fresh() % (1 << k)  # type: ignore[assignment]
    secrets.randbelow = lambda n: fresh() % n  # type: ignore[assignment]
    _unseeded_numpy(fresh)
    real_seed = random.seed
    random.seed = lambda a=None, version=2: real_seed(fresh() if a is None else a, version)  # type: ignore[assignment]

    class Seeded(random.Random):
        def __init__(self, x: Any = None) -> None:
            super().__init__(fresh() if x is None else x)

    random.Random = Seeded  # type: ignore[misc]
    random.SystemRandom = Seeded  # type: ignore[misc,assignment]

    def seed() -> int:
        torch.manual_seed(fresh() >> 1)
        return torch.initial_seed()

    torch.seed = seed
    torch.random.seed = seed

    class Generator(torch.Generator):
        def seed(self) -> int:
            self.manual_seed(fresh() >> 1)
            return self.initial_seed()

    torch.Generator = Generator  # type: ignore[misc]


def _unseeded_numpy(fresh: Any) -> None:
    real_rng, real_seed, real_sequence = (
        np.random.default_rng,
        np.random.seed,
        np.random.SeedSequence,
    )
    np.random.default_rng = lambda seed=None: real_rng(fresh() if seed is None else seed)
    np.random.seed = lambda seed=None: real_seed(fresh() % 2**32 if seed is None else seed)  # type: ignore[assignment]

    class State(np.random.RandomState):
        def __init__(self, seed: Any = None) -> None:
            super().__init__(fresh() % 2**32 if seed is None else seed)

    class Sequence(real_sequence):  # type: ignore[misc,valid-type]
        def __init__(self, entropy: Any = None, **more: Any) -> None:
            super().__init__(fresh() if entropy is None else entropy, **more)

    np.random.RandomState = State  # type: ignore[misc]
    np.random.SeedSequence = Sequence  # type: ignore[misc]
