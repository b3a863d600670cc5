"""The rows that a chapter writes refuse what cannot work."""

import random

import pytest
import torch

from workbook.question import Exercise, Form, Option, Prediction

YES, NO = Option("yes", lambda found: found == 1), Option("no", lambda found: found == 0)


def prediction(options=(YES, NO), measure=lambda: 1):
    """A prediction with some of its fields."""
    return Prediction("sum", "Do the bits agree?", options, measure, "Because.")


def exercise(**fields):
    """An exercise with some of its fields changed."""
    row = {
        "name": "two",
        "task": "Give 2.",
        "stub": "n = ...",
        "answer": "n",
        "form": Form("number"),
        "check": lambda n: n == 2,
        "wrong": (),
        "hints": (),
        "solution": "n = 2",
    }
    return Exercise(**{**row, **fields})


class TestPrediction:
    """Predictions and their measuring."""

    @pytest.mark.parametrize("options", [(), (YES,), (YES, Option("yes", bool))])
    def test_options_are_two_or_more_and_differ(self, options):
        """A prediction needs at least two different options."""
        with pytest.raises(ValueError, match="at least two different answers"):
            prediction(options)

    @pytest.mark.parametrize(("found", "option"), [(1, YES), (0, NO)])
    def test_the_option_that_holds_comes_back(self, found, option):
        """The predicates decide, from what `measure` finds."""
        assert prediction(measure=lambda: found).measured() is option

    @pytest.mark.parametrize(
        ("options", "which"),
        [
            ((YES, NO), "none for 2"),
            ((Option("some", bool), Option("two", bool)), '"some" and "two"'),
        ],
    )
    def test_none_or_two_right_options_are_refused(self, options, which):
        """A measurement for which no option holds, or two, is the author's mistake, and is told."""
        with pytest.raises(ValueError, match=f"exactly one option of sum must hold; it is {which}"):
            prediction(options, measure=lambda: 2).measured()

    def test_measuring_is_repeatable(self):
        """Each measurement starts from the same seed, on one thread."""
        seen = []

        def measure():
            seen.append((torch.get_num_threads(), torch.rand(1).item(), random.random()))
            return 1

        prediction(measure=measure).measured()
        prediction(measure=measure).measured()
        assert seen[0] == seen[1]
        assert seen[0][0] == 1

    def test_nothing_stays_switched(self):
        """A measurement that switches the default dtype and draws leaves both as they were."""

        def measure():
            torch.set_default_dtype(torch.float64)
            torch.rand(1)
            return 1

        before = torch.get_rng_state()
        prediction(measure=measure).measured()
        assert torch.get_default_dtype() == torch.float32
        assert torch.equal(before, torch.get_rng_state())


class TestExercise:
    """Exercises and their fields."""

    @pytest.mark.parametrize("seconds", [0, -1, float("nan")])
    def test_the_time_limit_is_above_zero(self, seconds):
        """A time limit of nothing is refused."""
        with pytest.raises(ValueError, match="seconds must be above 0"):
            exercise(seconds=seconds)

    def test_what_may_change_is_known(self):
        """A state that nobody reads cannot be allowed to change."""
        with pytest.raises(ValueError, match="may_change must name some of number of threads"):
            exercise(may_change=("weather",))
