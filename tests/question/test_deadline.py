"""The time limit: work that ends, raises, loops, or cannot be interrupted."""

import contextlib
import contextvars
import itertools
import threading

import pytest

from workbook.question import deadline
from workbook.question.deadline import TookTooLong, within


def loop():
    """Runs until it is ended."""
    while True:
        pass


def test_a_result_comes_back():
    """What the work returns comes back."""
    assert within(5, lambda: "done") == "done"


def test_an_error_comes_back():
    """What the work raises is raised here."""
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_the_work_sees_the_callers_context():
    """Context variables have the caller's values in the thread."""
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(7)
    assert within(5, variable.get) == 7


def test_a_loop_is_ended():
    """A loop in Python is told apart, stopped, and its thread is gone."""
    with pytest.raises(TookTooLong) as late:
        within(0.05, loop)
    assert late.value.stopped
    assert "a reader's code" not in [thread.name for thread in threading.enumerate()]


def test_the_place_is_known():
    """The stack of a late piece of work ends where it was."""
    with pytest.raises(TookTooLong) as late:
        within(0.05, loop)
    assert late.value.stack[-1].name == "loop"


def test_except_exception_does_not_save_a_loop():
    """A loop around `except Exception` ends all the same."""

    def careless():
        while True:
            with contextlib.suppress(Exception):
                loop()

    with pytest.raises(TookTooLong) as late:
        within(0.05, careless)
    assert late.value.stopped


def test_a_wait_that_nothing_interrupts_is_left_behind(monkeypatch):
    """A call of compiled code that does not return is left behind after the grace, and told."""
    monkeypatch.setattr(deadline, "GRACE", 0.1)
    let_go = threading.Event()
    with pytest.raises(TookTooLong) as late:  # comes while the work still waits
        within(0.05, let_go.wait)
    let_go.set()
    assert not late.value.stopped


class Lock:
    """Stands for work that ends when it has been looked at eight times."""

    looks = 0

    def acquire(self, timeout: float) -> bool:
        """Count a look."""
        self.looks += 1
        return self.looks > 8


@pytest.mark.parametrize(("computed", "in_time"), [(0.0, True), (0.5, False)])
def test_only_its_own_seconds_make_work_late(computed, in_time, monkeypatch):
    """While the clock runs half a second at each look, what counts is how much was computed."""
    clocks = itertools.count(0, 0.5), itertools.count(0, computed)
    monkeypatch.setattr(deadline.time, "monotonic", lambda: next(clocks[0]))
    monkeypatch.setattr(deadline.time, "process_time", lambda: next(clocks[1]))
    assert deadline._ends(Lock(), 1) is in_time


def test_an_interrupt_of_the_kernel_ends_the_work(monkeypatch):
    """When the reader interrupts the kernel while it waits, the work ends too."""
    ended = []

    def interrupted(thread):
        raise KeyboardInterrupt

    end = deadline._end
    monkeypatch.setattr(deadline, "_stack", interrupted)
    monkeypatch.setattr(deadline, "_end", lambda *args: ended.append(end(*args)) or True)
    with pytest.raises(KeyboardInterrupt):
        within(0.05, loop)
    assert ended == [True]
