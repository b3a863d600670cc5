"""Every intervention: inert where unused, removes what it explains, which comes back without it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.diagnosis.interventions.examples import AGAIN, ELSEWHERE, HEAD, PAIR
from workbook.diagnosis.engine import needed
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.plan import STORM, plan
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.rounding import much_smaller
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import subject
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.pair import Pair

CASES = Path(__file__).parents[2] / "diagnosis_cases"
NAMED = {f"{row.how} {row.name}": row for row in ROWS}
ALL = frozenset(STORM)
DAY = 86_400.0  # seconds: no busy machine ends a diagnosis
# Exact in every format, on every number of threads, in every layout; draws nothing.
INERT = (
    "import torch\n"
    "def first():\n"
    "    x = torch.arange(12, dtype=torch.float64).reshape(3, 4)\n"
    "    return (x @ x.t()).sum(0) + torch.nn.functional.relu(x - 5).amax()\n"
)
COMPILED = """
import contextlib
import torch
from torch import nn
from torch._dynamo.utils import counters
from workbook.diagnosis.interventions.intervention import Setting, Stage
from workbook.diagnosis.interventions.rows import install

with contextlib.ExitStack() as stack:
    run = Setting(given={"now": 0.0}, stack=stack)
    stack.enter_context(run.path)
    for stage in Stage:
        install(stage, run)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.ReLU(inplace=True))
    fast = torch.compile(net, backend="eager")
    for _ in range(3):
        fast(torch.ones(2, 4)).sum().backward()
    print(counters["stats"]["unique_graphs"], sum(counters["graph_break"].values()))
"""


def _session(workers: Workers, folder: Path, program: str, *names: str) -> Session:
    path = folder / "p.py"
    path.write_text(program)
    targets = subject(*(f"{path}:{name}" for name in names))
    return Session(workers, targets, time.monotonic() + DAY, load=needed(targets))


def _example(workers: Workers, folder: Path, text: str, count: int) -> Session:
    if "def first" in text:
        return _session(workers, folder, HEAD + text, *("first", "second")[:count])
    name, *functions = text.split()
    targets = subject(*(f"{CASES / name}.py:{function}" for function in functions))
    return Session(workers, targets, time.monotonic() + DAY)


@pytest.fixture(scope="module")
def inert(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session of a program that uses nothing that a row is about."""
    return _session(workers, tmp_path_factory.mktemp("inert"), INERT, "first")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.how} {row.name}")
def test_it_is_inert_where_nothing_uses_it(row: Intervention, inert: Session) -> None:
    """A program that has nothing of the kind gives the same bits with it as without it."""
    plain = inert.first(plan(0, 0))
    name = frozenset({row.name})
    with_it = {
        "hold": lambda: inert.run(plan(0, 0, held=ALL - name)),
        "between": lambda: inert.run(plan(0, 0, between=name)),
        "on": lambda: inert.run(plan(0, 0, on=name)),
    }[row.how]()
    assert [with_it.code(0), with_it.code(1)] == [plain.code(0)] * 2 == [plain.code(1)] * 2


def test_no_two_rows_have_one_name() -> None:
    """A run is told the names of what is active: two that share one would act together."""
    on = [row.name for row in ROWS if row.how == "on"]
    assert len(on) == len(set(on))


def test_every_row_has_an_example_or_a_reason() -> None:
    """No intervention is in the table without a program that shows what it is for."""
    assert set(NAMED) == set(AGAIN) | set(PAIR) | set(ELSEWHERE)


@pytest.mark.parametrize("key", AGAIN)
def test_it_removes_what_varies(key: str, workers: Workers, tmp_path: Path) -> None:
    """A function's results agree with it, and do not without it, all else being held."""
    row, held = NAMED[key], frozenset(HOLDS)
    function = Function(_example(workers, tmp_path, AGAIN[key], 1))
    assert function.measure(held | {row}).same
    assert not function.measure(held - {row}).same


@pytest.mark.parametrize("key", PAIR)
def test_it_removes_what_two_differ_in(key: str, workers: Workers, tmp_path: Path) -> None:
    """Two functions agree with it (or by rounding only), and do not without it."""
    row, held = NAMED[key], frozenset(HOLDS)
    pair = Pair(_example(workers, tmp_path, PAIR[key], 2))
    without = pair.measure(held)
    if without.same and row.name in ("rows", "serial", "keep-onednn"):
        pytest.skip("on this machine the two happen to agree")
    assert not without.same
    assert much_smaller(pair.measure(held | {row}), without)


ENTROPY = """
import uuid
import numpy as np
def first(): return [np.random.default_rng().random() for _ in range(2)]
def second(): return uuid.uuid4() and first()
"""


def test_each_request_for_entropy_gives_other_bytes(workers: Workers, tmp_path: Path) -> None:
    """Within a run; a run again has the same, and what a library requests shifts nothing."""
    session = _session(workers, tmp_path, ENTROPY, "first", "second")
    one, other = session.first(plan(0)), session.run(plan(1))
    assert len({float(value) for value in one.tensors(0).values()}) == 2
    assert one.code(0) == other.code(0)


SECRETS = """
import secrets
import numpy as np
def first():
    own = np.random.Generator(np.random.PCG64())
    return [secrets.choice(range(10**6)), secrets.token_hex(), own.random()]
"""


def test_secrets_are_held(workers: Workers, tmp_path: Path) -> None:
    """What draws from the system by way of `secrets` gives the same in each run from one start."""
    session = _session(workers, tmp_path, SECRETS, "first")
    one, again = session.first(plan(0)), session.run(plan(0, repeat=1))
    other = session.run(plan(0, held=ALL - {"rng"}))
    assert one.code(0) == again.code(0) != other.code(0)


POOLED = """
import torch
from concurrent.futures import ThreadPoolExecutor
def first():
    with ThreadPoolExecutor(1) as pool, torch.no_grad():
        return pool.submit(torch.is_grad_enabled).result()
"""


def test_a_task_by_itself_has_the_settings_of_its_thread(workers: Workers, tmp_path: Path) -> None:
    """Threads that run one after another are the same threads: what is set in each stays so."""
    session = _session(workers, tmp_path, POOLED, "first")
    plain, serial = session.first(plan(0)), session.run(plan(0, on=frozenset({"serial"})))
    assert plain.code(0) == serial.code(0)


def test_compiled_code_is_compiled_as_before() -> None:
    """No patch is compiled into the user's model: one graph without a break serves all calls."""
    words = [sys.executable, "-W", "ignore", "-c", COMPILED]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]
