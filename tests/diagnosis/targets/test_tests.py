"""Tests by node id: what is said of one that fails always, at times, or after others."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import os
import threading
import time
import unittest
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from workbook.diagnosis import Workers, diagnose, forks
from workbook.diagnosis.answer import Answer
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.probes import comparisons
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Unusable
from workbook.diagnosis.target import Subject
from workbook.diagnosis.targets.tests import hashes, node, order, session, tolerance

TESTS = """
import pytest
import torch
from torch.testing import assert_close

@pytest.fixture
def model():
    return torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))

@pytest.mark.parametrize("rows", [2, 4])
def test_twice(model, rows):
    assert_close(model(torch.ones(rows, 8)), model(torch.ones(rows, 8)))
"""


NEVER = """
import torch

def test_lucky():
    assert torch.rand(()).item() < 0
"""


EVEN = """
import random
import torch

def test_torch():
    assert torch.rand(()).item() < 0.5

def test_python():
    assert torch.equal(torch.ones(1), torch.ones(1))
    assert random.random() < 0.5
"""


SEEDED = """
import numpy as np
import pytest

@pytest.fixture(autouse=True, scope="module")
def seed():
    np.random.seed(3)

def test_noise():
    assert np.random.rand() < 1

def test_first():
    assert np.random.rand() == np.random.RandomState(3).rand()
"""


MODE = """
import torch
from torch.testing import assert_close

def test_modes():
    net = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    x = torch.arange(96.0).reshape(2, 3, 4, 4)
    training = net(x)
    assert_close(training, net.eval()(x))

def test_stored():
    raise KeyError("weight")
"""


PASSING = """
import pytest
import torch
from torch.testing import assert_close

@pytest.mark.parametrize("rtol", [0.1, 0.001])
def test_share(rtol):
    x = torch.arange(1.0, 65.0)
    part = x[:32].sum() + x[32:].sum()
    scale = x.square().sum()
    assert_close(part / scale, 2080 / scale, rtol=rtol, atol=0)
"""


LEFT = """
import pathlib
import tempfile

LOG = pathlib.Path(tempfile.gettempdir(), "workbook-test-of-a-log.txt")

def written():
    with LOG.open("a") as out:
        out.write("row\\n")
    return len(LOG.read_text().splitlines())

def test_adds():
    assert written() >= 1

def test_counts():
    assert written() == 1
"""


MADE = """
import random
import numpy as np

random.seed(5)
OWN = np.random.RandomState()

def test_own():
    assert OWN.rand() < 0.5

def test_set():
    assert random.random() < 0.7
"""


HELD = """
import time
from os import scandir
from time import monotonic

def test_listed(tmp_path):
    for name in "cab":
        (tmp_path / name).touch()
    seen = [entry.name for entry in scandir(tmp_path)]
    assert "".join(seen) == "abc"

def test_quick():
    began = monotonic()
    time.sleep(0.05)
    assert monotonic() - began < 0.04
"""


HASHED = """
def test_order():
    assert next(iter({"north", "south", "east", "west"})) in ("north", "west")
"""


LEAVES = """
import os
import pytest
import torch
from torch.testing import assert_close

@pytest.fixture(scope="module")
def norm():
    return torch.nn.BatchNorm1d(2).eval()

def test_trains(norm):
    os.environ["WORKBOOK_TEST_ROWS"] = "3"
    assert norm.train().training

def test_mode(norm):
    assert norm(torch.ones(1, 2)).shape == (1, 2)

def test_rows():
    assert "WORKBOOK_TEST_ROWS" not in os.environ

def test_range():
    x = torch.full((4,), 300.0)
    assert_close(x.square().square().square().square().log(), 16 * x.log())

def test_close():
    net = torch.nn.Dropout(0.5)
    x = torch.rand(64, 3).t()
    assert_close(net(x).sum(0) / 3, x.contiguous().sum(0) / 3)
"""


_PROJECT = (
    ("leaves", LEAVES),
    ("hashed", HASHED),
    ("left", LEFT),
    ("made", MADE),
    ("held", HELD),
    ("model", TESTS),
    ("wide", PASSING),
    ("never", NEVER),
    ("even", EVEN),
    ("mode", MODE),
    ("seeded", SEEDED),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of folders, each with a file of tests that is the only one there."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in _PROJECT:
        (folder / name).mkdir()
        (folder / name / f"test_{name}.py").write_text(text)
    return folder


@pytest.fixture
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Go to a folder of the project."""
    return lambda name: monkeypatch.chdir(folder / name)


def test_the_two_sides_of_a_failing_comparison_are_the_pair(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A test with fixture and parameter compares two calls in train mode: dropout is the cause."""
    in_folder("model")
    answer = diagnose("test_model.py::test_twice[4]", workers=workers)
    assert [one.cause for one in answer.causes] == ["dropout-active"]
    assert any("allows rtol=1.3e-06, atol=1e-05" in note for note in answer.notes)


def test_what_a_test_draws_is_not_why_it_fails_where_it_always_does(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """Three failures with other numbers are no test that always fails alike; twenty tell."""
    in_folder("never")
    answer = diagnose("test_never.py::test_lucky", workers=workers)
    assert not answer.causes
    assert any("test_never.py:5" in note and "is not why" in note for note in answer.notes)
    assert not any("in 3 of 3 trials" in note for note in answer.notes)


def test_generators_of_an_import_start_anew_unless_they_were_seeded_there(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """One that was made without a seed is as random as it is for pytest; one with a seed is not."""
    in_folder("made")
    own = diagnose("test_made.py::test_own", workers=workers)
    assert [one.cause for one in own.causes] == ["random-numbers"]
    assert "RandomState() at test_made.py:6" in own.causes[0].where
    assert "np.random.RandomState(SEED)" in own.causes[0].cure
    seeded = diagnose("test_made.py::test_set", workers=workers)
    assert not seeded.causes and ": passes.\n" in seeded.text()


@pytest.mark.parametrize(("name", "cause"), [("listed", "file-order"), ("quick", "wall-clock")])
def test_what_is_held_may_keep_a_failure_away(
    name: str, cause: str, in_folder: Callable[[str], None], workers: Workers
) -> None:
    """It is the cause, although no two sides show it; names that were imported follow, too."""
    in_folder("held")
    answer = diagnose(f"test_held.py::test_{name}", workers=workers)
    assert [one.cause for one in answer.causes] == [cause]
    assert answer.causes[0].size == node.BOTH


@pytest.mark.uncounted  # up to nine processes; what they come to is judged below
@pytest.mark.skipif("PYTHONHASHSEED" in os.environ, reason="whoever sets it has one order")
def test_an_order_of_hashes_is_seen_in_sessions_of_other_seeds(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """All forks of one session share a seed, and come to the same."""
    in_folder("hashed")
    answer = diagnose("test_hashed.py::test_order", workers=workers)
    assert [one.cause for one in answer.causes] == ["hash-seed"]


@pytest.mark.parametrize("ways", [("passed", "passed"), ("failed", "passed", "failed", "failed")])
def test_an_outcome_that_no_hash_seed_decides_is_left_as_it_is(
    ways: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They all come to the same, or one seed to both."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    came = itertools.chain(ways, itertools.repeat(ways[-1]))
    known = Answer("a test", "unknown", (), ())
    answer = hashes.explained(Any, lambda *seeds: [next(came) for _ in seeds], known)
    assert not answer.causes and "hash seeds" in answer.tried[-1]


def test_a_trial_finds_no_temporary_file_of_another(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """So it is the test before it in the same trial that leaves one."""
    in_folder("left")
    answer = diagnose("test_left.py::test_counts", workers=workers)
    assert [one.cause for one in answer.causes] == ["module-state"]
    assert "test_adds" in answer.causes[0].where


def test_a_failure_that_no_trial_shows_is_not_taken_for_none(
    in_folder: Callable[[str], None], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest --why tells that the test has just failed."""
    in_folder("made")
    monkeypatch.setenv(node.FAILED, "1")
    answer = diagnose("test_made.py::test_set", workers=workers)
    assert answer.status == "unknown" and any("in no trial" in note for note in answer.notes)


@pytest.mark.parametrize(("codes", "both"), [("aaaabbbb", True), ("aaaabbab", False)])
def test_a_cause_of_an_outcome_has_both_ends_repeated(codes: str, both: bool) -> None:
    """A run that is held and comes to something else agreed by chance."""
    left = iter(codes)
    forks: Any = SimpleNamespace(run=lambda *_, **__: SimpleNamespace(code=lambda at: next(left)))
    function: Any = SimpleNamespace(plan=dict, once=lambda held: {}, dims=frozenset({"rng"}))
    assert node._both_repeat(forks, function) is both


@pytest.mark.parametrize(("name", "size"), [("torch", "at most"), ("python", node.BOTH)])
def test_draws_explain_a_test_of_which_torch_shows_no_numbers_too(
    name: str, size: str, in_folder: Callable[[str], None], workers: Workers
) -> None:
    """Numbers that torch gave are measured, without what pytest reads to show a failure."""
    in_folder("even")
    answer = diagnose(f"test_even.py::test_{name}", workers=workers)
    assert [one.cause for one in answer.causes] == ["random-numbers"]
    assert "test_even.py" in answer.causes[0].where and size in answer.causes[0].size


@pytest.mark.parametrize(
    ("name", "words"),
    [("mode", "the mode of norm changed (from eval to train)"), ("rows", "WORKBOOK_TEST_ROWS")],
)
def test_what_an_earlier_test_leaves_is_named_and_put_back(
    name: str, words: str, in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A mode of what a shared fixture made, and the environment, beside torch's switches."""
    in_folder("leaves")
    [cause] = diagnose(f"test_leaves.py::test_{name}", workers=workers).causes
    assert words in cause.evidence and "put back, it has passed again" in cause.evidence


@pytest.mark.parametrize(("name", "cause"), [("range", "overflow"), ("close", "dropout-active")])
def test_a_failing_comparison_has_the_causes_that_its_tolerance_does_not_allow(
    name: str, cause: str, in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A side that left the range is no number; what moves last bits alone passes without."""
    in_folder("leaves")
    answer = diagnose(f"test_leaves.py::test_{name}", workers=workers)
    assert [one.cause for one in answer.causes] == [cause]


def test_where_nothing_is_trained_no_training_was_left(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A module called in both modes, with gradients on: it is the statistics that differ."""
    in_folder("mode")
    answer = diagnose("test_mode.py::test_modes", workers=workers)
    assert [one.cause for one in answer.causes] == ["batch-statistics"]


def test_a_seed_of_a_shared_fixture_is_drawn_from_by_the_first_test(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """What the fixture left is put back, not what was there before it."""
    in_folder("seeded")
    answer = diagnose("test_seeded.py::test_first", workers=workers)
    assert [one.cause for one in answer.causes] == ["generator-shift"]
    assert "test_noise" in answer.causes[0].where


def test_an_error_is_no_comparison(in_folder: Callable[[str], None], workers: Workers) -> None:
    """The note has the line that raised, and gives no advice on comparing."""
    in_folder("mode")
    answer = diagnose("test_mode.py::test_stored", workers=workers)
    assert answer.causes == ()
    assert any("at test_mode.py:12: KeyError" in note for note in answer.notes)
    assert "That is an error" in answer.notes[-1]


def test_a_name_of_several_tests_is_answered_with_theirs(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A parametrized test is named with its brackets."""
    in_folder("model")
    answer = diagnose("test_model.py::test_twice", workers=workers)
    assert not answer.usable
    assert "test_model.py::test_twice[2], test_model.py::test_twice[4]" in answer.notes[0]


def test_a_trial_with_another_outcome_is_held_against_the_first() -> None:
    """Of numbers that a trial began with, those of another outcome come before other numbers."""

    def run(outcome: str, code: str, start: int) -> Any:
        return SimpleNamespace(data={"outcome": outcome, "start": start}, code=lambda at: code)

    calm = run("passed", "a", 1)
    assert node._unlike([run("passed", "b", 2), run("failed", "a", 3)], calm) == 3
    assert node._unlike([run("passed", "a", 2), run("passed", "b", 3)], calm) == 3
    assert node._unlike([run("passed", "a", 2)], calm) == 0


def test_a_passing_test_is_told_whether_it_would_notice_a_fault(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """A term of 2,080 is left out: 1 part in 43 is within a tenth, and more than a thousandth.

    The last sum feeds both sides, so the fault is planted in the one before.
    """
    in_folder("wide")
    wide = diagnose("test_wide.py::test_share[0.1]", workers=workers)
    close = diagnose("test_wide.py::test_share[0.001]", workers=workers)
    assert wide.status == close.status == "identical"
    assert any("too wide" in note and "aten.sum at test_wide.py:9" in note for note in wide.notes)
    assert any("it notices a fault" in note for note in close.notes)


def test_a_test_that_is_not_there_is_one_sentence(
    in_folder: Callable[[str], None], workers: Workers
) -> None:
    """The sentence names the file and the test, and the answer cannot be used."""
    in_folder("model")
    answer = diagnose("test_model.py::test_nothing", workers=workers)
    assert not answer.usable
    assert "test_model.py has no test 'test_nothing'" in answer.notes[0]


@pytest.mark.parametrize("needed", [[3], [0, 5], [1, 2, 6]])
def test_the_shortest_list_is_found(needed: Sequence[int]) -> None:
    """Of seven predecessors exactly those remain that are needed together."""
    names = [str(number) for number in range(7)]
    wanted = {str(number) for number in needed}
    assert set(order.minimal(names, lambda part: wanted <= set(part))) == wanted


def test_a_rate_has_wilsons_interval() -> None:
    """12 of 60 has the interval from 12 % to 32 % (Wilson's formula, by hand)."""
    assert "12% to 32%" in node.rate(12, 60)


def test_no_failure_is_a_bound_and_no_never() -> None:
    """With a rate of 5 % 60 pass in 4.6 % of cases; with one of 63 % three do in 5 %."""
    assert "below 5%" in node.rate(0, 60)
    assert "below 63% cannot be excluded" in node.rate(0, 3)


def test_the_share_of_the_tolerance_follows_its_formula() -> None:
    """|a - b| = 0.5 where 0.25 + 0 is allowed is twice the tolerance."""
    made = comparisons.Comparison("", "", 0.0, 0.25, torch.tensor([1.5]), torch.tensor([1.0]))
    assert made.share == 2.0
    assert replace(made, atol=0.0).share == math.inf


@pytest.mark.parametrize(
    ("how", "given", "atol"),
    [
        ("assertEqual", {}, 0.0),
        ("assertAlmostEqual", {}, 0.5e-7),
        ("assertAlmostEqual", {"places": 0}, 0.5),
        ("assertAlmostEqual", {"delta": 0.25}, 0.25),
    ],
)
def test_what_unittest_compares_is_seen_with_its_tolerance(
    how: str, given: dict[str, Any], atol: float
) -> None:
    """Both sides are taken down without the test case, and it raises as it would."""
    comparisons.start()
    [(owner, _, tolerance)] = [row for row in comparisons._COMPARED if row[1] == how]
    compare = functools.partial(comparisons._compared, how, tolerance, getattr(owner, how))
    raises = pytest.raises(AssertionError) if atol < 0.25 else contextlib.nullcontext()
    with raises:
        compare(unittest.TestCase(), 1.0, 1.25, **given)
    [seen] = comparisons.SEEN
    assert (seen.atol, float(seen.actual), float(seen.expected)) == (atol, 1.0, 1.25)
    comparisons.start()


class Outcomes:
    """Stands for forks: a test fails after `bad` (or by its first trial), and is counted."""

    def __init__(self, *, chance: bool) -> None:
        self.chance, self.count = chance, 0

    def run(self, plan: Any, *, again: bool = False) -> Any:
        """Give what a trial came to."""
        self.count += 1
        fails = self.count == 1 if self.chance else "bad" in plan.variants
        data = {"outcome": "failed" if fails else "passed", "left": {}, "message": ""}
        return SimpleNamespace(data=data)

    def tell(self, text: str) -> None:
        """Take nothing down."""


def test_a_test_that_fails_by_chance_after_others_is_no_matter_of_order() -> None:
    """What failed once after them and passes when it is tried again is left to the rate."""
    trials: Any = Outcomes(chance=True)
    assert order.explained(trials, ["a", "bad"], "passed") is None
    assert trials.count > 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_run_that_does_not_end_says_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its time is up, the line at which it waits is noted; here that is once it has begun."""
    begun, later = tmp_path / "begun", 2 * 86_400.0

    def body(plan: Any) -> Any:
        begun.touch()
        threading.Event().wait()

    clock = SimpleNamespace(
        monotonic=lambda: time.monotonic() + later * begun.exists(), sleep=time.sleep
    )
    monkeypatch.setattr(forks, "time", clock)
    subject = Subject("test", nodes=("test_a.py::test_c",))
    session = forks.Forks(subject, body, tmp_path, time.monotonic() + 86_400)
    assert session.run(Plan((0,), ())).timed_out
    assert "had not ended after" in session.notes[0] and "at test_tests.py:" in session.notes[0]


@pytest.mark.parametrize(("others", "seconds"), [((), 8.0), (("test_a.py::test_b",), 4.0)])
def test_a_run_after_other_tests_leaves_time_for_the_rest(
    others: tuple[str, ...], seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If those never end, half of the time is left to diagnose the test by itself."""
    session = forks.Forks(Subject("test"), lambda plan: ({}, {}), tmp_path, 0.0)
    monkeypatch.setattr(session, "left", lambda: 8.0)
    assert session._patience(Plan((0,), (), variants=others)) == seconds


def test_a_skipped_test_is_refused_with_its_reason() -> None:
    """The sentence holds why it was skipped."""
    run: Any = SimpleNamespace(data={"outcome": "skipped", "message": "Skipped: needs a GPU"})
    with pytest.raises(Unusable, match="is skipped or expected to fail: Skipped: needs a GPU"):
        node._check(run)


def test_other_files_of_tests_are_looked_for_as_pytest_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hidden folders and environments hold no tests of the project."""
    monkeypatch.chdir(tmp_path)
    for name in (".hidden/test_a.py", "env/pyvenv.cfg", "env/test_b.py", "tests/test_mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert not session._other_files(Path("tests/test_mine.py"))
    (tmp_path / "tests" / "metrics_test.py").touch()
    assert session._other_files(Path("tests/test_mine.py"))


def test_the_planted_fault_is_one_term_less() -> None:
    """Of 1, 2, 4 and 0 the term of middle size is 2: the second sum is 5, the first stays 7."""
    x = torch.tensor([1.0, 2.0, 4.0, 0.0])
    with tolerance.tried(tolerance.Trial(0, 0.5, planted=1)) as seen:
        sums = [x.sum().item(), x.sum().item()]
    assert sums == [7.0, 5.0] and x.sum() == 7.0
    assert seen["sums"] == 2 and seen["planted"].startswith("aten.sum at test_tests.py:")


@pytest.mark.parametrize(("atol", "agree"), [(0.25, True), (0.125, False)])
def test_the_tolerance_that_is_tried_decides(atol: float, agree: bool) -> None:
    """Two sides that are 0.25 apart agree within 0.25, and not within half of that."""
    comparisons.start()
    with tolerance.tried(tolerance.Trial(0, atol)):
        assert comparisons.note("", "", torch.ones(2), torch.ones(2) + 0.25, 0.0, 0.0) is agree
    assert comparisons.note("", "", torch.ones(2), torch.ones(2) + 0.25, 0.0, 0.0) is None
    comparisons.start()


@pytest.mark.parametrize(("paced", "limit"), [(True, math.inf), (False, 5.0)])
def test_a_limit_that_nobody_set_is_kept_by_the_tests(
    tmp_path: Path, paced: bool, limit: float
) -> None:
    """It follows from their first run; one that somebody set ends them from outside, too."""
    wanted: list[tuple[bool, float]] = []

    def started(command: dict[str, Any], seconds: float) -> Iterator[Run]:
        wanted.append((command["plan"]["paced"], seconds))
        yield Run(tmp_path, {})

    given: Any = SimpleNamespace(
        deadline=100.0, reserve=0.0, paced=paced, left=lambda: 5.0, started=started
    )
    with pytest.raises(Unusable, match="gave no answer"):
        session.asked(given, [], "test_a.py::test_b", order="file")
    assert wanted == [(paced, limit)]
