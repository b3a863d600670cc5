"""Results of parallel work in the order of handing out, not of completion.

Owns the patches of pools and queues of processes, of futures and of an event loop's tasks. What
computes side by side goes on to do so, except for tasks, and for processes that call back when they
are done, take their tasks from a queue, or begin without the row.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import itertools
import multiprocessing
import multiprocessing.util
import os
import select
import types
import weakref
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import _base as futures
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue, SimpleQueue
from typing import Any

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.interventions.sets import FilledSet
from workbook.diagnosis.patching import by_user, line, wrap
from workbook.diagnosis.probes.facts import FACTS, Fact

# Seconds for work that may wait for what is handed out after it: such work cannot be told from slow
# work. Slower work stays in the order of its completion, and the row then explains nothing.
_PATIENCE = 5.0
_NUMBERS: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_COUNT = itertools.count()


def _as_ready() -> None:
    """Note that results come as they are ready, and at which line."""
    FACTS.add(Fact.UNORDERED, IN_ORDER.cause, line())


def _in_place_of(function: Any, other: Any) -> Any:
    """Let a function do what `other` does, also where the user has imported the function already.

    Gives a function that does what the first one did.
    """
    real = types.FunctionType(function.__code__, function.__globals__, function.__name__)
    real.__defaults__, real.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    name = f"_workbook_{function.__name__}"
    function.__globals__[name] = other
    text = f"lambda *args, **kwargs: {name}(*args, **kwargs)"
    function.__code__ = eval(compile(text, __file__, "eval"), function.__globals__).__code__
    function.__defaults__ = function.__kwdefaults__ = None
    return real


def _numbered(given: Iterable[Any]) -> list[Any]:
    """Give futures in the order in which their work was handed out."""
    return sorted(set(given), key=lambda future: _NUMBERS.get(future, -1))


def _futures(run: Setting) -> None:
    ordered = run.has(IN_ORDER)

    def made(real: Any, future: Any) -> None:
        real(future)
        _NUMBERS[future] = next(_COUNT)

    def as_completed(fs: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
        if by_user():
            _as_ready()
        if not ordered:
            return iter(real_completed(fs, timeout))
        return (future for future in _numbered(fs) if real_wait([future], timeout))

    def wait(fs: Iterable[Any], timeout: Any = None, return_when: str = "ALL_COMPLETED") -> Any:
        rows = _numbered(fs)
        if return_when != concurrent.futures.ALL_COMPLETED and by_user():
            _as_ready()
        if not ordered:
            return real_wait(rows, timeout, return_when)
        part = rows if return_when == concurrent.futures.ALL_COMPLETED else rows[:1]
        done = real_wait(part, timeout).done
        return futures.DoneAndNotDoneFutures(
            FilledSet(future for future in rows if future in done),
            FilledSet(future for future in rows if future not in done),
        )

    wrap(made, Future, "__init__")
    real_completed = _in_place_of(futures.as_completed, as_completed)
    real_wait = _in_place_of(futures.wait, wait)


def _pools(run: Setting) -> None:
    ordered = run.has(IN_ORDER)

    def begin(real: Any, pool: Any, *args: Any, **kwargs: Any) -> None:
        FACTS.add(Fact.THREADS if isinstance(pool, ThreadPool) else Fact.PROCESSES)
        real(pool, *args, **kwargs)

    def unordered(real: Any, pool: Any, *args: Any, **kwargs: Any) -> Any:
        _as_ready()
        return Pool.imap(pool, *args, **kwargs) if ordered else real(pool, *args, **kwargs)

    def apply_async(real: Any, pool: Any, *args: Any, **kwargs: Any) -> Any:
        made = real(pool, *args, **kwargs)
        calls_back = len(args) > 3 or kwargs.get("callback") is not None
        if calls_back and not isinstance(pool, ThreadPool):
            _as_ready()
            if ordered:
                made.wait(_PATIENCE)
        return made

    def submit(real: Any, pool: Any, /, *args: Any, **kwargs: Any) -> Any:
        if by_user():
            FACTS.add(Fact.PROCESSES)
        return real(pool, *args, **kwargs)

    def call_back(real: Any, future: Any, function: Any) -> None:
        if by_user():
            _as_ready()
            if ordered and isinstance(future, Future):
                futures.wait([future], _PATIENCE)
        real(future, function)

    wrap(begin, Pool, "__init__")
    wrap(unordered, Pool, "imap_unordered")
    wrap(apply_async, Pool, "apply_async")
    wrap(submit, ProcessPoolExecutor, "submit")
    wrap(call_back, Future, "add_done_callback")


def _queues(run: Setting) -> None:
    """Let a process touch a queue only after the one that was started before it has ended.

    They compute side by side, and wait with their first result; of workers that take their tasks
    from a queue the first takes all that there are. A process from its beginning is given the pipes
    by number. Of a function it has no patches: it starts only after the one before it has ended.
    """
    started: list[BaseProcess] = []
    ended: list[int] = []  # a pipe that can be read once the process started last has ended
    # in a process of the program's: that pipe of the one before it
    before = [int(number) for number in os.environ.pop(_TURN, "").split()]
    given: list[int] = []  # the pipes that a process from its beginning is to have
    patched = run.early and os.name == "posix"  # a command's are; pipes go by number there

    def start(real: Any, process: Any) -> None:
        if not by_user():
            real(process)
            return
        FACTS.add(Fact.PROCESSES)
        method = process._start_method or multiprocessing.get_start_method()
        if started and run.has(IN_ORDER) and method != "fork" and not patched:
            started[-1].join(_PATIENCE)
        done, goes_on = os.pipe()
        before[:] = ended
        given[:] = [goes_on, *ended] if run.has(IN_ORDER) and patched else []
        real(process)
        given.clear()
        for mine in (goes_on, *ended):  # the process has them, too, until it ends
            os.close(mine)
        before.clear()
        started.append(process)
        ended[:] = [done]

    def spawn(real: Any, path: Any, words: Any, passed: Any) -> Any:
        if not given or "--multiprocessing-fork" not in words:  # the tracker of resources
            return real(path, words, passed)
        os.environ[_TURN] = " ".join(map(str, given[1:]))
        try:
            return real(path, words, [*passed, *given])
        finally:
            del os.environ[_TURN]

    def in_turn(left: Callable[[], int] = int) -> None:
        """Wait for the process before this one, and on while it takes from what is `left`."""
        last = 0
        while run.has(IN_ORDER) and before and not select.select(before, [], [], _PATIENCE)[0]:
            if (now := left()) == last:
                break
            last = now
        before.clear()

    def put(real: Any, queue: Any, *args: Any, **kwargs: Any) -> None:
        in_turn()
        real(queue, *args, **kwargs)

    def get(real: Any, queue: Any, *args: Any, **kwargs: Any) -> Any:
        if by_user() and len(started) > 1:
            _as_ready()
        in_turn(functools.partial(_left, queue))
        return real(queue, *args, **kwargs)

    for kind in (Queue, SimpleQueue):
        wrap(put, kind, "put")
        wrap(get, kind, "get")
    wrap(start, BaseProcess, "start")
    wrap(spawn, multiprocessing.util, "spawnv_passfds")


_TURN = "WORKBOOK_TURN"  # tells a process from its beginning the number of the pipe before it


def _left(queue: Any) -> int:
    """Say how much a queue holds; 0 where it cannot tell."""
    with contextlib.suppress(AttributeError, NotImplementedError):  # SimpleQueue; macOS
        return int(queue.qsize())
    return 0


def _tasks(run: Setting) -> None:
    locks: weakref.WeakKeyDictionary[Any, asyncio.Lock] = weakref.WeakKeyDictionary()
    inside: weakref.WeakSet[Any] = weakref.WeakSet()

    async def in_turn(lock: asyncio.Lock, coroutine: Any) -> Any:
        """Run a task from its beginning to its end before the next one, unless it waits for that.

        A task that another task starts from inside such a turn goes on as asyncio has it.
        """
        inside.add(asyncio.current_task())
        try:
            await asyncio.wait_for(lock.acquire(), _PATIENCE)
        except asyncio.TimeoutError:
            return await coroutine
        try:
            return await coroutine
        finally:
            lock.release()

    def create_task(real: Any, loop: Any, coroutine: Any, **kwargs: Any) -> Any:
        parent = asyncio.current_task(loop) if loop.is_running() else None
        if parent is None or parent in inside:
            return real(loop, coroutine, **kwargs)
        FACTS.add(Fact.TASKS)
        if run.has(IN_ORDER):
            lock = locks.setdefault(loop, asyncio.Lock())
            coroutine = in_turn(lock, coroutine)
        return real(loop, coroutine, **kwargs)

    wrap(create_task, BaseEventLoop, "create_task")


def _install(run: Setting) -> None:
    _futures(run)
    _pools(run)
    _queues(run)
    _tasks(run)


IN_ORDER = on(
    "in-order", "completion-order", "results of parallel work are taken in the order in which it "
    "was handed out", 10, Fact.UNORDERED, Fact.TASKS,
    axes=AGAIN | PAIR, install=_install)  # fmt: skip
ROWS = (IN_ORDER,)
