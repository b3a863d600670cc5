"""Writers at once: scripted and free."""

import threading
from fractions import Fraction

import pytest

from workbook.causes.in_place import LOST_UPDATES
from workbook.causes.in_place.races import FREE, ONE, OUT, TWO, WAYS, _freely, _verdict
from workbook.experiment import run


@pytest.mark.parametrize("writers", [2, 3, 4])
@pytest.mark.parametrize("way", [OUT, TWO])
def test_in_two_steps_only_the_last_writer_of_each_round_counts(way: str, writers: int) -> None:
    """All read before anybody writes, so that one update in each round remains, in either form."""
    lost = run(LOST_UPDATES, writers=writers).finding.values["lost"]
    assert lost[way] == pytest.approx(float(1 - Fraction(1, writers)), abs=1e-12)


def test_in_one_step_the_script_finds_no_gap() -> None:
    """A statement is not interrupted by the script, so that every update arrives."""
    assert run(LOST_UPDATES).finding.values["lost"][ONE] == 0


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
    run(LOST_UPDATES, schedule=FREE)
    assert threading.active_count() == before


def test_an_error_in_a_writer_is_raised() -> None:
    """What goes wrong in a thread reaches the caller, and nobody waits for it."""

    def fails():  # type: ignore[no-untyped-def]
        yield
        raise ArithmeticError("in a writer")

    with pytest.raises(ArithmeticError, match="in a writer"):
        _freely([fails(), fails()])


def test_a_lock_that_does_not_help_would_be_said() -> None:
    """The words follow the shares: some are lost, and the lock does not save all."""
    said = _verdict(dict(zip(WAYS, (0.3, 0.2, 0.001, 0.1, 0.0), strict=True)), FREE)
    assert "lose some" in said and "does not save all" in said
