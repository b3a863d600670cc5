"""A time limit for code that somebody else wrote.

Owns the worker thread and how it is ended. Knows nothing of exercises. A loop in Python is ended on
every platform, because Python raises an exception in the thread between two of its steps; a loop
inside one call of compiled code is left behind and ends with that call, and the caller is told.
"""

import contextvars
import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Sent again and again for this long, because a bare `except:` in a loop swallows one exception.
GRACE = 1.0
BETWEEN = 0.05

# Seconds that work may wait for each second that it may compute: other programs on a busy machine
# take their share of the clock, not of the work.
WAITING = 20


class TimeUp(BaseException):
    """Raised inside the thread; not an Exception, so that `except Exception` lets it pass."""


class TookTooLong(Exception):
    """The work was still running after `seconds`; `stopped` says whether it has ended now.

    `stack` is where it was when the time was up, outermost call first.
    """

    def __init__(self, seconds: float, stack: traceback.StackSummary, stopped: bool) -> None:
        super().__init__(f"still running after {seconds:g} seconds")
        self.seconds = seconds
        self.stack = stack
        self.stopped = stopped


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return or raise what `work()` does, if it comes to an end within that many seconds.

    Seconds are those in which this process computes, so that a busy machine stops nobody; work that
    waits without computing has WAITING times as many.
    It runs in a thread of its own, with the caller's context variables. TookTooLong otherwise.

    >>> within(5, lambda: 6 * 7)
    42
    """
    results: list[T] = []
    errors: list[BaseException] = []
    context = contextvars.copy_context()
    done = threading.Lock()
    done.acquire()

    def run() -> None:
        try:
            try:
                results.append(context.run(work))
            except BaseException as error:  # handed to the caller, who raises it
                errors.append(error)
        except TimeUp:  # came while the outcome was being stored: nobody waits for it any more
            pass
        finally:
            done.release()

    thread = threading.Thread(target=run, name="a reader's code", daemon=True)
    thread.start()
    in_time = False
    stack = traceback.StackSummary()
    try:
        in_time = _ends(done, seconds)
        stack = _stack(thread)
    finally:  # also when the reader interrupts the kernel
        stopped = in_time or _end(thread, done)
    if not in_time:
        raise TookTooLong(seconds, stack, stopped)
    if errors:
        raise errors[0]
    return results[0]


def _ends(done: threading.Lock, seconds: float) -> bool:
    """Wait until the work is done; False where it has computed or waited for too long."""
    computed, waited = time.process_time() + seconds, time.monotonic() + WAITING * seconds
    while not done.acquire(timeout=min(BETWEEN, seconds)):
        if time.process_time() >= computed or time.monotonic() >= waited:
            return False
    return True


def _stack(thread: threading.Thread) -> traceback.StackSummary:
    frame = sys._current_frames().get(thread.ident or 0)
    return traceback.StackSummary() if frame is None else traceback.extract_stack(frame)


def _end(thread: threading.Thread, done: threading.Lock) -> bool:
    """Raise TimeUp in the thread until it is done or the grace is over; whether it has ended.

    While such an exception waits, CPython 3.11 has a flag up for all threads, and a thread that is
    traced, by a debugger or for coverage, never gets past the start of a Python function. So only
    compiled functions are called here, an exception that did not arrive is taken back, and in the
    end this thread raises one in itself, which takes the flag down.
    """
    send = ctypes.pythonapi.PyThreadState_SetAsyncExc
    there, here = ctypes.c_ulong(thread.ident or 0), ctypes.c_ulong(threading.get_ident())
    time_up = ctypes.py_object(TimeUp)
    try:
        for _ in range(round(GRACE / BETWEEN)):
            send(there, time_up)
            if done.acquire(True, BETWEEN):
                break
        send(there, None)
        send(here, time_up)
        for _ in range(1000):  # it arrives between two steps of this loop at the latest
            pass
    except TimeUp:
        pass
    thread.join(BETWEEN)
    return not thread.is_alive()
