"""The word of a difference, as it reaches the answer."""

from __future__ import annotations

import pytest
import torch

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.interventions.intervention import PAIR, on
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.search import Search
from workbook.diagnosis.targets.explained import word_of, word_of_rest


@pytest.mark.parametrize(
    ("cause", "word", "status"),
    [
        ("thread-count", "rounding", "rounding"),
        ("thread-count", "doubtful", "doubtful"),
        ("thread-count", "cannot tell", "doubtful"),
        ("thread-count", "other", "fault"),
        ("none", "identical", "identical"),
        ("none", "rounding", "rounding"),
        ("none", "doubtful", "doubtful"),
        ("module-state", "rounding", "fault"),
        ("random-numbers", "other", "random"),
    ],
)
def test_the_status_follows_the_word(cause: str, word: str, status: str) -> None:
    """Only causes that can be rounding ask for it; what cannot be told is doubtful, not a fault."""
    assert Found(cause, "", "", "", word).status == status  # type: ignore[arg-type]


def test_a_rows_own_cure_comes_before_that_of_its_cause() -> None:
    """It is for one cause only: a row that explains another leaves the words to that one."""
    row = on("name", "dtype", "", 1, Fact.ALWAYS, axes=PAIR, fix="Name the dtype.")
    given, other = (Found(one, "", "", "", fix=row.fix_of(one)) for one in ("dtype", "device"))
    assert given.cure == "Name the dtype." and other.cure == BY_ID["device"].fix


def test_rounding_that_no_condition_removes_is_no_cause() -> None:
    """It has no number before it, and is not said to be nothing."""
    row = Found("none", "a.py:3", "in float64 it goes.", "2 ULPs", "rounding")
    lines = Answer("a.py:f", row.status, (row,), ()).text().splitlines()
    assert lines[1] == "Rounding explains it (a.py:3): in float64 it goes. Rounding."


def test_doubtful_is_said() -> None:
    """The first line says what the word means."""
    row = Found("thread-count", "", "on one thread they agree.", "", "doubtful")
    text = Answer("a.py:f", row.status, (row,), ()).text()
    assert text.startswith("a.py:f: doubtful: further apart than rounding is likely")


def test_what_repeats_as_it_is_comes_first() -> None:
    """A condition that nobody has changed is a second sentence; another cause takes that away."""
    row = Found("thread-count", "", "on one thread they agree.", "", "rounding", "", "four threads")
    text = Answer("a.py:f", row.status, (row,), ()).text()
    assert text.startswith("a.py:f: repeats in every bit. With four threads: differs by rounding.")
    both = row, Found("random-numbers", "", "", "")
    assert Answer("a.py:f", "rounding", both, ()).text().startswith("a.py:f: differs by rounding.")


@pytest.mark.parametrize(
    ("relative", "word"), [(1e-6, "rounding"), (1e-3, "cannot tell"), (0.75, "cannot tell")]
)
def test_a_wider_format_in_place_of_a_shorter_judges_by_the_shorter(
    relative: float, word: str
) -> None:
    """Two float64 results that a float32 on the way moved apart are within float32's growth."""
    row = on("wider", "dtype", "", 1, Fact.ALWAYS, axes=PAIR, format=torch.float32)
    gap = Gap(False, True, relative, relative, roundoff=2.0**-53)
    found = Search((row,), Gap(True), {row: gap})
    assert word_of(lambda active: Gap(True), found, row) == word


def test_a_result_in_float64_is_judged_by_its_own_growth() -> None:
    """Computing in float64 again says nothing of what was computed in float64."""
    gap = Gap(False, True, 1e-15, 1e-15, roundoff=2.0**-53)
    assert word_of_rest(lambda active: gap, Search((), gap, {})) == "rounding"


def test_a_fact_makes_a_cause_a_more_particular_one() -> None:
    """The row says which, and why; without the fact its cause is its own."""
    finer = ((Fact.SHORT_FORMATS, "reduced-precision", "It has 16 bits."),)
    row = on("wider", "dtype", "", 1, Fact.ALWAYS, axes=PAIR, finer=finer)
    assert row.cause_where({Fact.ALWAYS}) == ("dtype", "")
    assert row.cause_where({Fact.SHORT_FORMATS}) == ("reduced-precision", " It has 16 bits.")
