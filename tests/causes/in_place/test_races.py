"""Writers at once: scripted, free, and a descent without a lock."""

import threading
from fractions import Fraction

import pytest
import torch

from workbook.causes.in_place import HOGWILD, LOST_UPDATES
from workbook.causes.in_place.races import FREE, _ends, _freely, _verdict
from workbook.experiment import run


@pytest.mark.parametrize("writers", [2, 3, 4])
def test_out_of_place_only_the_last_writer_of_each_round_counts(writers: int) -> None:
    """All read before anybody writes, so that one update in each round remains."""
    lost = run(LOST_UPDATES, writers=writers).finding.values["lost"]
    assert lost["out of place"] == pytest.approx(float(1 - Fraction(1, writers)), abs=1e-12)


def test_in_place_the_script_finds_no_gap() -> None:
    """A statement is not interrupted by the script, so that every update arrives."""
    assert run(LOST_UPDATES).finding.values["lost"]["in place"] == 0


@pytest.mark.parametrize("settings", [{}, {"schedule": FREE}, {"schedule": FREE, "writers": 4}])
def test_a_lock_keeps_every_update_in_both_forms(settings: dict[str, object]) -> None:
    """Behind a lock a read and its write belong together, scripted or not."""
    lost = run(LOST_UPDATES, **settings).finding.values["lost"]
    assert lost["out of place, lock"] == lost["in place, lock"] == 0


def test_the_script_leaves_nothing_to_chance() -> None:
    """Twenty runs of the script lose the same updates."""
    runs = [run(LOST_UPDATES).finding.values["lost"] for _ in range(20)]
    assert all(lost == runs[0] for lost in runs)


def test_no_thread_is_left_behind() -> None:
    """After scripted and free runs the process has the threads that it had."""
    run(LOST_UPDATES)  # torch may start threads of its own the first time
    before = threading.active_count()
    run(LOST_UPDATES, schedule=FREE)
    run(HOGWILD)
    assert threading.active_count() == before


def test_an_error_in_a_writer_is_raised() -> None:
    """What goes wrong in a thread reaches the caller, and nobody waits for it."""

    def fails():  # type: ignore[no-untyped-def]
        yield
        raise ArithmeticError("in a writer")

    with pytest.raises(ArithmeticError, match="in a writer"):
        _freely([fails(), fails()])


def test_one_writer_repeats_and_several_come_near() -> None:
    """One writer has one order of its steps; each step takes a tenth of the distance."""
    values = run(HOGWILD, writers=4).finding.values
    assert values["distinct"] == 1
    assert values["near"]


def test_one_writer_ends_where_the_arithmetic_says() -> None:
    """After 120 steps of one tenth, 0.9**120 of the distance is left, up to rounding."""
    (panel,) = run(HOGWILD).finding.chart.panels
    left = panel.series[0].y[0]  # type: ignore[union-attr]
    assert left == pytest.approx(0.9**120, abs=120 * torch.finfo(torch.float32).eps)


def test_each_outcome_has_its_words() -> None:
    """A lock that did not help, and a descent that stays away, would be said."""
    ways = ("out of place", "in place", "out of place, lock", "in place, lock")
    said = _verdict(dict(zip(ways, (0.3, 0.001, 0.1, 0.0), strict=True)), FREE)
    assert "loses some" in said and "does not save all" in said
    assert len({_ends(1, True), _ends(2, True), _ends(1, False)}) == 3
