"""Tests by node id: what is said of one that fails always, at times, or after others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import torch

from workbook.diagnosis import Workers, diagnose
from workbook.diagnosis.probes import comparisons
from workbook.diagnosis.targets.tests import node, order

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


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Processes that serve every diagnosis here, in a folder with a file of tests."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "test_model.py").write_text(TESTS)
    with pytest.MonkeyPatch.context() as patch, Workers() as made:
        patch.chdir(folder)
        yield made


def test_the_two_sides_of_a_failing_comparison_are_the_pair(workers: Workers) -> None:
    """A test with fixture and parameter compares two calls in train mode: dropout is the cause."""
    answer = diagnose("test_model.py::test_twice[4]", workers=workers)
    assert [one.cause for one in answer.causes] == ["dropout-active"]
    assert any("allows rtol=1.3e-06, atol=1e-05" in note for note in answer.notes)


def test_a_test_that_is_not_there_is_one_sentence(workers: Workers) -> None:
    """The sentence names the file and the test, and the answer cannot be used."""
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
    """0 of 60 bounds the rate by 3/60."""
    assert "below 5%" in node.rate(0, 60)


def test_the_share_of_the_tolerance_follows_its_formula() -> None:
    """|a - b| = 0.5 where 0.25 + 0 is allowed is twice the tolerance."""
    made = comparisons.Comparison("", "", 0.0, 0.25, torch.tensor([1.5]), torch.tensor([1.0]))
    assert made.share == 2.0
