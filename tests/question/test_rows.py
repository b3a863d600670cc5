"""The rows that a chapter writes refuse what cannot work."""

import random

import pytest
import torch

from workbook.question import Exercise, Form, Prediction


def prediction(options=("yes", "no"), measure=lambda: "yes"):
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

    @pytest.mark.parametrize("options", [(), ("yes",), ("yes", "yes")])
    def test_options_are_two_or_more_and_differ(self, options):
        """A prediction needs at least two different options."""
        with pytest.raises(ValueError, match="at least two different answers"):
            prediction(options)

    def test_what_is_measured_comes_back(self):
        """The measured option is what `measure` finds."""
        assert prediction(measure=lambda: "no").measured() == "no"

    def test_what_is_no_option_is_refused(self):
        """A measurement that gives no option is the author's mistake, and is told."""
        with pytest.raises(ValueError, match='sum must measure one of "yes", "no"; got \'maybe\''):
            prediction(measure=lambda: "maybe").measured()

    def test_measuring_is_repeatable(self):
        """Each measurement starts from the same seed, on one thread."""
        seen = []

        def measure():
            seen.append((torch.get_num_threads(), torch.rand(1).item(), random.random()))
            return "yes"

        prediction(measure=measure).measured()
        prediction(measure=measure).measured()
        assert seen[0] == seen[1]
        assert seen[0][0] == 1

    def test_nothing_stays_switched(self):
        """A measurement that switches the default dtype and draws leaves both as they were."""

        def measure():
            torch.set_default_dtype(torch.float64)
            torch.rand(1)
            return "yes"

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
