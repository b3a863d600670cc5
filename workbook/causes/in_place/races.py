"""Writers at once: updates that are lost.

Owns one experiment. The factor is how an update is written: in which form, in one statement or in
two, with a lock or without.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Integer
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import percent

SCRIPTED, FREE = "scripted", "free"
SIZE = {SCRIPTED: 8, FREE: 100_000}
OUT, TWO, ONE = "out of place", "in place, two steps", "in place"
LOCKED = ", lock"
WAYS = (OUT, TWO, ONE, OUT + LOCKED, ONE + LOCKED)
"""How an update is written. The first two read in one statement and write in the next:
`new = x + 1`, then `x = new` or `x.copy_(new)`. The third is `x.add_(1)`."""
SHARES = {0.0: "none", 1 / 2: "half", 2 / 3: "two thirds", 3 / 4: "three quarters"}


class Shared:
    """The one tensor that all writers update; `x = x + 1` gives it a new one."""

    def __init__(self, size: int) -> None:
        self.value = torch.zeros(size)


def lose_updates(where: Conditions, *, schedule: str, writers: int, updates: int) -> Finding:
    """Let several threads add 1 to a shared tensor, and count the updates that arrive."""
    total = float(writers * updates)
    lost, compared = {}, []
    for way in WAYS:
        shared, lock = Shared(SIZE[schedule]), threading.Lock() if LOCKED in way else None
        waits, form = schedule == FREE, way.removesuffix(LOCKED)
        work = [_updates(shared, updates, form, lock, waits) for _ in range(writers)]
        _freely(work) if waits else _by_script(work)
        expected = torch.full_like(shared.value, total)
        compared.append(compare(shared.value, expected, first=way, second="every update"))
        lost[way] = 1 - float(shared.value.double().mean()) / total
    arrived = [round((1 - share) * total, 3) for share in lost.values()]
    series = (
        Series("updates that arrived", range(len(WAYS)), arrived, "bars"),
        Series("updates made", (), total, "rule"),
    )
    x = Axis.of("how each update is written", WAYS)
    chart = Chart((Panel(x, Axis("updates", low=0, high=total * 1.1), series),))
    shares = [percent(share, 1) for share in lost.values()]
    reading = "lost: {} out of place, {} in place in two steps, {} in one; ".format(*shares)
    reading += "with a lock {} and {}".format(*shares[3:])
    return Finding(_verdict(lost, schedule), reading, chart, {"lost": lost}, tuple(compared))


def _updates(
    shared: Shared, count: int, form: str, lock: "threading.Lock | None", waits: bool
) -> Iterator[None]:
    """Do one writer's work, yielding between two statements, where another writer may go on."""
    for _ in range(count):
        while lock is not None and not (lock.acquire(blocking=waits)):
            yield  # the lock is taken: this turn is lost, the update is not
        try:
            if form == ONE:
                shared.value.add_(1)
            else:
                new = shared.value + 1
                yield  # read, but not yet written
                if form == TWO:
                    shared.value.copy_(new)
                else:
                    shared.value = new
        finally:
            if lock is not None:
                lock.release()
        yield


def _by_script(work: list[Iterator[None]]) -> None:
    """Give each writer's thread one statement after the other, in turn: no chance is left."""
    with ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(max_workers=1)) for _ in work]
        left = list(zip(threads, work, strict=True))
        while left:
            left = [(t, w) for t, w in left if not t.submit(_at_end, w).result()]


def _at_end(work: Iterator[None]) -> bool:
    return next(work, work) is work


def _freely(work: list[Iterator[None]]) -> None:
    """Let all writers run at once, as the operating system has it."""
    start = threading.Event()

    def race(additions: Iterator[None]) -> None:
        start.wait()
        for _ in additions:
            pass

    with ThreadPoolExecutor(max_workers=len(work)) as threads:
        try:
            races = [threads.submit(race, additions) for additions in work]
        finally:  # also where no more threads can be started, so that none waits for ever
            start.set()
        for each in races:
            each.result()


def _verdict(lost: dict[str, float], schedule: str) -> str:
    plain, two_steps, one_step, *locked = map(_amount, lost.values())
    how = "By a script" if schedule == SCRIPTED else "In a free race"
    cured = "a lock saves all" if set(locked) == {"none"} else "a lock does not save all"
    return (
        f"{how}, two steps lose {plain} of the updates out of place and {two_steps} in place; "
        f"one step in place loses {one_step}; {cured}."
    )


def _amount(share: float) -> str:
    named = [words for exact, words in SHARES.items() if abs(share - exact) < 1e-9]
    return named[0] if named else "some"


LOST_UPDATES = Experiment(
    name="lost_updates",
    question="Two threads add 1 to one tensor: do all updates arrive?",
    factor="how an update is written",
    controls=(
        Choice("schedule", SCRIPTED, (SCRIPTED, FREE)),
        Integer("writers", 2, 2, 4),
        Integer("updates", 10, 10, 200, step=10, help="how often each writer adds 1"),
    ),
    measure=lose_updates,
)
