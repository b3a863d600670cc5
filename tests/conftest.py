"""For every test: nothing stays switched, and hypothesis tries the same cases every time."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import coverage
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from workbook import cluster
from workbook.devices import directml
from workbook.diagnosis import Workers, target

# Programs that the tests run in processes of their own; importing them would run them here.
collect_ignore = ["diagnosis_cases", "diagnosis/ranks"]

END = os.fork.__self__._exit  # type: ignore[attr-defined]
COUNTS = os.environ.get("COVERAGE_PROCESS_CONFIG")  # how processes that are started count lines

# Runs of a diagnosis may write next to nothing: the lines that coverage counts in them are let out.
if coverage.Coverage.current() is not None:
    counted = Path(__file__).parents[1] / ".coverage.d"
    counted.mkdir(exist_ok=True)
    os.environ["WORKBOOK_WRITABLE"] = str(counted)

# Shared machines stall, so no example has a time limit. Every run tries as many examples and the
# same, so that a test that failed fails again. `--hypothesis-profile=search` tries others:
# it prints the seed (`--hypothesis-seed=N` repeats the run) and a line that repeats the example.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", settings.get_profile("tests"), derandomize=False, max_examples=1000
)
settings.load_profile("tests")

# cuBLAS reads this once a process, when CUDA starts. With it no test's outcome depends on whether
# another has started CUDA before.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# Nor has a diagnosis, a worker of a cluster or the search for a device: what is tested is what they
# say, not how soon a busy machine lets them say so.
target.TIMEOUT = target.PATIENCE = cluster.CONNECT = cluster.PATIENCE = 86_400.0
directml.TIME_LIMIT = 86_400.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines of a test that is marked `uncounted`, nor of the processes that it starts.

    Counting takes a third of a test's time. Programs of the corpus, settings of controls and
    claims run by the hundred through lines that tests of their parts run, too. A test of such a
    module that is marked `counted` is the one that runs some lines.
    """
    marks = {mark.name for mark in item.iter_markers()}
    if "uncounted" not in marks or "counted" in marks:
        if COUNTS is not None:  # each test begins with the same variable
            os.environ["COVERAGE_PROCESS_CONFIG"] = COUNTS
        return (yield)
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    here, later = sys.gettrace(), threading.gettrace()  # this thread's, and that of new ones
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    ending, os._exit = os._exit, END  # a fork has nothing to save
    try:
        return (yield)
    finally:
        os._exit = ending
        sys.settrace(here)
        threading.settrace(later)  # type: ignore[arg-type]
        if COUNTS is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = COUNTS


@pytest.fixture(scope="session", autouse=True)
def few_plugins() -> Iterator[None]:
    """A pytest that a test starts loads the plugins that it names; all of them take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Child processes for all diagnoses: starting torch is most of a short one."""
    with Workers() as shared:
        yield shared


def switches() -> dict[str, object]:
    """What a test could leave switched for the next one."""
    return {
        "threads": torch.get_num_threads(),
        "default dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "fill uninitialized": torch.utils.deterministic.fill_uninitialized_memory,
        "matmul precision": torch.get_float32_matmul_precision(),
    }


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Each test draws the same numbers in each run, so that one that failed fails again."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


@pytest.fixture(autouse=True)
def nothing_stays_switched() -> Iterator[None]:
    """A test that changes how torch computes puts it back."""
    before = switches()
    yield
    assert switches() == before
