"""Ambient things a run can be given: generators' start, entropy, clock, file order.

Each source of entropy has bytes of its own, other ones at each request: what a library requests
elsewhere does not change what the program is given. Owns the patches that make each of them a
setting. They act in a child process that ends with the run, so nothing is put back here. Every
setting is deterministic: the same settings, the same run.
"""

import contextlib
import datetime
import functools
import hashlib
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import (
    AGAIN,
    PAIR,
    Axis,
    Intervention,
    Setting,
    Stage,
)
from workbook.diagnosis.patching import SEEDERS, by_user, line, wrap_seeds
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import get_state, put_state
from workbook.trace.places import is_user_file

COUNTED: Counter[str] = Counter()  # in this process: requests to each source of entropy, and
READ = "the clock"  # how often that was read
# What the user's code did with generators before a fork, where that is watched: the libraries that
# it seeded, which keep their state, and the generators that it made without a seed, and where.
SET: set[str] = set()
MADE: list[tuple[Any, str]] = []


def generators(number: int, *, early: bool = False) -> None:
    """Start every generator, and every source of entropy that Python can reach, from `number`.

    `early`: those of NumPy and Python were started before, and the program may have set them since.
    """
    for library, owner, name in SEEDERS:
        if library not in SET and (library == "torch" or not early):
            getattr(owner, name)(1_000 + number)

    def entropy(count: int, source: str = "system") -> bytes:
        COUNTED[source] += 1
        return hashlib.shake_128(f"{number}:{source}:{COUNTED[source]}".encode()).digest(count)

    def fresh(source: str = "system", bits: int = 64, *, made: bool = False) -> int:
        if made and by_user():
            FACTS.place(RNG.name, f"{source}() at {line()}")
        return int.from_bytes(entropy(8, source), "little") % (1 << bits)

    os.urandom = random._urandom = entropy  # type: ignore[attr-defined]  # the latter for `secrets`
    for generator, where in MADE:
        _restart(generator, fresh(where, 32), where)
    for owner, name, parameter, bits in _SEEDED:
        seed = functools.partial(fresh, f"{owner.__name__}.{name}", bits, made=True)
        setattr(owner, name, _seeded(getattr(owner, name), parameter, seed))
    random.SystemRandom = random.Random  # type: ignore[misc]

    def seed_torch() -> int:
        torch.manual_seed(fresh("torch.seed", 63))
        return torch.initial_seed()

    torch.seed = torch.random.seed = seed_torch

    class Generator(torch.Generator):
        def seed(self) -> int:
            self.manual_seed(fresh("torch.Generator", 63))
            return self.initial_seed()

    torch.Generator = Generator  # type: ignore[misc]


# What takes a fresh seed where it is given none: its owner, name, parameter, and the seed's bits.
_SEEDED: tuple[tuple[Any, str, str, int], ...] = (
    (random, "seed", "a", 64),
    (random, "Random", "x", 64),
    (np.random, "seed", "seed", 32),
    (np.random, "default_rng", "seed", 64),
    (np.random, "RandomState", "seed", 32),
    (np.random, "SeedSequence", "entropy", 64),
)


def _restart(generator: Any, seed: int, where: str) -> None:
    """Start a generator from a seed; if something is drawn from it, where it was made matters."""
    if isinstance(generator, np.random.Generator):
        put_state(generator, get_state(np.random.Generator(type(generator.bit_generator)(seed))))
    else:
        generator.seed(seed)
    start = repr(get_state(generator))

    def look() -> None:
        if repr(get_state(generator)) != start:
            FACTS.place(RNG.name, where)

    FACTS.at_end.append(look)


def watch_generators() -> None:
    """Note from now on which libraries' generators are seeded, and what is made without a seed."""

    def seed(library: str, real: Any, *args: Any, **kwargs: Any) -> Any:
        SET.add(library)
        return real(*args, **kwargs)

    wrap_seeds(seed)
    for owner, name, parameter, bits in _SEEDED:
        if name in ("Random", "default_rng", "RandomState"):
            source = f"{owner.__name__}.{name}()"
            fresh = functools.partial(secrets.randbits, bits)
            setattr(owner, name, _seeded(getattr(owner, name), parameter, fresh, source))


def _seeded(real: Any, parameter: str, fresh: Callable[[], int], source: str = "") -> Any:
    """Give a function, or a class, that takes a fresh seed where it is given none.

    With a `source`, what the user makes by it without a seed is noted.
    """

    def made(make: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if (args[0] if args else kwargs.get(parameter)) is not None:
            return make(*args, **kwargs)
        kwargs = {k: v for k, v in kwargs.items() if k != parameter}
        generator = make(fresh(), *args[1:], **kwargs)
        if source and by_user():
            MADE.append((generator, f"{source} at {line()}"))
        return generator

    if not isinstance(real, type):
        return functools.wraps(real)(lambda *args, **kwargs: made(real, args, kwargs))

    class Seeded(real):  # type: ignore[misc,valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            def make(*args: Any, **kwargs: Any) -> Any:
                super(Seeded, self).__init__(*args, **kwargs)
                return self

            made(make, args, kwargs)

    return Seeded


_DATETIME, _DATE, _TIME = datetime.datetime, datetime.date, time.time


def clock(number: int, now: float) -> None:
    """Make time a function of how often it was read: another `number`, another day and hour.

    `now` is in seconds since 1970. It should be true: programs compare the time with dates.
    Libraries wait and measure by the real clock.
    """
    start = now + 3_925_057.891 * number  # 45 days: another month, day, weekday, hour, minute
    tick = 0.001 * (1 + number)

    def seconds() -> float:
        COUNTED[READ] += 1
        FACTS.add(Fact.CLOCK)
        return start + tick * COUNTED[READ]

    def read(real: Callable[[], Any], scale: float) -> Callable[[], Any]:
        def ask() -> Any:
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                return real()
            return seconds() if scale == 1 else int(seconds() * scale)

        return ask

    for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time"):
        setattr(time, name, read(getattr(time, name), 1))
        setattr(time, f"{name}_ns", read(getattr(time, f"{name}_ns"), 1e9))
    _calendar(seconds)


def _calendar(seconds: Callable[[], float]) -> None:
    """Make what tells the date follow the same clock."""

    def moment() -> float:
        ours = is_user_file(sys._getframe(2).f_code.co_filename)
        return seconds() if ours else _TIME()

    def told(real: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda at=None: real(moment() if at is None else at)

    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, told(getattr(time, name)))
    form, local = time.strftime, time.localtime
    time.strftime = lambda text, at=None: form(text, local(moment()) if at is None else at)  # type: ignore[assignment]

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
        FACTS.add(Fact.LISTS_FOLDERS)
        return sorted(real_listdir(path), reverse=backward)

    class Scan(contextlib.nullcontext[Any]):
        def __init__(self, path: Any = ".") -> None:
            super().__init__(self)
            FACTS.add(Fact.LISTS_FOLDERS)
            with real_scandir(path) as entries:
                self._entries = iter(sorted(entries, key=lambda e: e.name, reverse=backward))

        def __iter__(self) -> Any:
            return self._entries

        def __next__(self) -> Any:
            return next(self._entries)

        def close(self) -> None:
            """Do nothing: the folder was closed when its entries were read."""

    os.listdir = listdir  # type: ignore[assignment]
    os.scandir = Scan  # type: ignore[assignment,misc]


def _install(run: Setting) -> None:
    given = run.given
    torch.set_num_threads(given.get(THREADS.name) or THREADS.values[0])
    sys.setswitchinterval(given.get(SWITCH.name) or 0.005)
    generators(given.get(RNG.name) or RNG.values[0], early=run.early)
    clock(given.get(CLOCK.name) or 0, given["now"])
    files(given.get(FILES.name) or FILES.values[0])


def _hold(
    name: str, cause: str, words: str, rank: int, fact: Fact, values: tuple[Any, Any], other: str,
    axes: frozenset[Axis] = AGAIN | PAIR, **more: Any,
) -> Intervention:  # fmt: skip
    given = {"install": _install, "stage": Stage.SURROUNDINGS, "draws": True, **more}
    return Intervention(name, "hold", cause, words, rank, frozenset({fact}), axes, values=values,
                        condition=other, **given)  # fmt: skip


def _hashes(seed: int) -> dict[str, str]:
    """Set the hash seed of a command, unless the user has set one."""
    return {HASH_SEED: os.environ.get(HASH_SEED, str(seed))}


# What differs between two runs unless it is held: the value of calm, and that of the other run.
HASH_SEED = "PYTHONHASHSEED"
LEFTOVERS = _hold(
    "leftovers", "leftover-files", "each run starts with the files as they were", 39,
    Fact.LEAVES_FILES, (False, True), "the files that an earlier run left", AGAIN, install=None,
    stage=Stage.PROCESS)  # fmt: skip
CLOCK = _hold(
    "clock", "wall-clock", "the clock starts at the same moment", 40, Fact.CLOCK, (0, 1),
    "another time of day")  # fmt: skip
FILES = _hold(
    "files", "file-order", "folders are listed in one order", 41, Fact.LISTS_FOLDERS,
    ("sorted", "reversed"), "folders listed backwards", lasts=True)  # fmt: skip
HASH = _hold(
    "hash", "hash-seed", "Python's hash seed is the same", 43, Fact.ALWAYS, (0, 1),
    "another hash seed", install=None, stage=Stage.PROCESS, variables=_hashes)  # fmt: skip
THREADS = _hold(
    "threads", "thread-count", "torch computes on one thread", 44, Fact.ALWAYS, (1, 4),
    "four threads instead of one", AGAIN, lasts=True)  # fmt: skip
SWITCH = _hold(
    "switch", "thread-race", "Python switches threads at its usual pace", 45, Fact.THREADS,
    (None, 1e-6), "quicker thread switches", AGAIN)  # fmt: skip
RNG = _hold(
    "rng", "random-numbers", "every generator starts from the same state", 91, Fact.ALWAYS, (1, 2),
    "other generator states")  # fmt: skip
ROWS = (LEFTOVERS, CLOCK, FILES, HASH, THREADS, SWITCH, RNG)
