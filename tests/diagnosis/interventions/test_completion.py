"""Results of parallel work with the row on come in the order of handing out."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from workbook.diagnosis.engine import diagnose
from workbook.diagnosis.interventions.completion import IN_ORDER
from workbook.diagnosis.plan import plan
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import command_line, subject

HEAD = """
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import as_completed, wait
from multiprocessing import Process, Queue
from multiprocessing.pool import Pool, ThreadPool

def late(number):
    time.sleep(0 if number else 0.1)
    return number

"""
WAYS = {
    "as_completed": """
def first():
    with ThreadPoolExecutor(3) as pool:
        return [job.result() for job in as_completed({pool.submit(late, n) for n in range(3)})]
""",
    "wait": """
def first():
    made = []
    with ThreadPoolExecutor(3) as pool:
        jobs = {pool.submit(late, n) for n in range(3)}
        while jobs:
            done, jobs = wait(jobs, return_when=FIRST_COMPLETED)
            made += [job.result() for job in done]
    return made
""",
    "imap_unordered": """
def first():
    with ThreadPool(3) as pool:
        return list(pool.imap_unordered(late, range(3)))
""",
    "callbacks of futures": """
def first():
    made = []
    with ProcessPoolExecutor(2) as pool:
        for n in range(2):
            pool.submit(late, n).add_done_callback(lambda job: made.append(job.result()))
    return made
""",
    "processes and a queue": """
def first():
    made = Queue()
    parts = [Process(target=lambda n=n: made.put(late(n))) for n in range(3)]
    [part.start() for part in parts]
    return [made.get() for _ in parts]
""",
    "workers that take tasks from a queue": """
def work(tasks, made):
    while (n := tasks.get()) is not None: made.put(late(n))
def first():
    tasks, made = Queue(), Queue()
    parts = [Process(target=work, args=(tasks, made)) for _ in range(2)]
    [part.start() for part in parts]
    [tasks.put(n) for n in (0, 1, None, None)]
    return [made.get() for _ in range(2)]
""",
    "processes from their beginning": """
from multiprocessing import get_context
def work(n, made): made.put(late(n))
def first():
    made = get_context("spawn").SimpleQueue()
    parts = [get_context("spawn").Process(target=work, args=(n, made)) for n in range(2)]
    [part.start() for part in parts]
    return [made.get() for _ in parts]
""",
    "callbacks of a pool": """
def first():
    made = []
    with Pool(2) as pool:
        jobs = [pool.apply_async(late, (n,), callback=made.append) for n in range(2)]
        [job.wait() for job in jobs]
    return made
""",
}
COIN = """
import threading
def first():
    threading.Thread(target=int).start()
    with open("/dev/urandom", "rb") as file: return file.read(1)[0] % 2
"""


@pytest.mark.parametrize("name", WAYS)
def test_what_was_handed_out_first_comes_first(name: str, workers: Workers, tmp_path: Path) -> None:
    """The first task is the last that is ready, and its result is the first all the same."""
    path = tmp_path / "program.py"
    path.write_text(HEAD + WAYS[name])
    session = Session(workers, subject(f"{path}:first"), time.monotonic() + 86_400)
    run = session.first(plan(0, on=frozenset({IN_ORDER.name})))
    made = [int(value) for value in run.tensors(0).values()]
    assert made == list(range(len(made))) and len(made) > 1


LOOPS = """
import time
from multiprocessing import get_context

import torch

def work(tasks, made):
    while (n := tasks.get()) is not None:
        time.sleep(0 if n else 0.5)
        made.put(n)

if __name__ == "__main__":
    start = get_context("spawn")
    tasks, made = start.Queue(), start.Queue()
    parts = [start.Process(target=work, args=(tasks, made)) for _ in range(2)]
    [part.start() for part in parts]
    [tasks.put(n) for n in (0, 1, 2, None, None)]
    print([made.get() for _ in range(3)], torch.zeros(1).item())
"""


def test_a_commands_workers_from_their_beginning_take_turns(
    workers: Workers, tmp_path: Path
) -> None:
    """Both are there when the tasks come; the first takes all, and the second has none left."""
    path = tmp_path / "program.py"
    path.write_text(LOOPS)
    asked = command_line([sys.executable, str(path)])
    session = Session(workers, asked, time.monotonic() + 86_400)
    run = session.run(plan(0, on=frozenset({IN_ORDER.name})))
    assert (run.folder / "printed.txt").read_text() == "[0, 1, 2] 0.0\n"


def test_a_coin_is_never_explained(workers: Workers, tmp_path: Path) -> None:
    """What the system draws agrees half of the time, with every row and without."""
    path = tmp_path / "program.py"
    path.write_text(COIN)
    answer = diagnose(f"{path}:first", workers=workers, timeout=86_400)
    assert (answer.status, answer.causes) == ("unknown", ())
