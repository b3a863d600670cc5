"""The rows that a chapter writes refuse what cannot work."""

import random

import pytest
import torch

from workbook.question import Estimate, Exercise, Form, Option, Prediction, WrongAnswer

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


class TestShown:
    """The order in which readers see the options."""

    def test_it_is_shuffled_and_stays(self):
        """Each option comes once, and the order is the same however the author wrote them."""
        options = tuple(Option(f"option {n}", bool) for n in range(9))
        shown = prediction(options).shown
        assert shown == prediction(options[::-1]).shown
        assert set(shown) == set(options)
        assert shown not in (options, options[::-1])

    def test_it_depends_on_the_name(self):
        """Two predictions with the same options have orders of their own."""
        options = tuple(Option(f"option {n}", bool) for n in range(9))
        orders = {Prediction(name, "?", options, bool, "").shown for name in "abcd"}
        assert len(orders) == 4

    def test_each_place_is_as_likely(self):
        """Over many predictions, the author's first option comes first as often as last."""
        options = tuple(Option(text, bool) for text in ("yes", "no", "sometimes"))
        places = [
            Prediction(f"name {n}", "?", options, bool, "").shown.index(options[0])
            for n in range(3000)
        ]
        for place in range(3):
            assert abs(places.count(place) - 1000) < 4 * (3000 * 2 / 9) ** 0.5

    def test_ascending_numbers_stay(self):
        """Numbers in ascending order are shown so."""
        options = tuple(Option(str(n), bool) for n in range(9))
        assert Prediction("n", "?", options, bool, "", ascending=True).shown == options


def estimate(**fields):
    """An estimate with some of its fields changed."""
    row = {
        "name": "ulps",
        "question": "How many?",
        "measure": lambda: 30,
        "between": (20, 40),
        "because": "",
        "too_low": "",
        "too_high": "",
    }
    return Estimate(**{**row, **fields})


class TestEstimate:
    """Estimates and their measuring."""

    def test_it_is_told_for_every_machine(self):
        """A number that depends on the machine is told by its limits, an exact one by itself."""
        assert estimate().everywhere == "between 20 and 40, depending on the machine"
        assert estimate(between=(30, 30), unit="ULPs").everywhere == "30 ULPs"

    @pytest.mark.parametrize(("number", "words"), [(16777216, "16,777,216"), (0.12345, "0.123")])
    def test_numbers_are_told(self, number, words):
        """Whole numbers are whole, others have three digits."""
        assert estimate().told(number) == words

    def test_a_measurement_outside_is_refused(self):
        """A number beyond what the author says of every machine is the author's mistake."""
        with pytest.raises(ValueError, match=r"ulps must come out between 20 and 40.*it is 50"):
            estimate(measure=lambda: 50).measured()

    @pytest.mark.parametrize("fields", [{"between": (0, 1)}, {"between": (2, 1)}, {"factor": 1}])
    def test_what_cannot_be_estimated_is_refused(self, fields):
        """The limits are positive and ascend, and the factor leaves room."""
        with pytest.raises(ValueError, match=r"(between|factor) must be"):
            estimate(**fields)


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


@pytest.mark.parametrize(
    ("stub", "code", "cell"),
    [
        ("n = ...", "50", "n = 50"),
        ("def f(x):\n    return ...", "x + 1", "def f(x):\n    return x + 1"),
        ("def f(x):\n    ...", "y = x\nreturn y", "def f(x):\n    y = x\n    return y"),
        ("def f(x):\n    return ...", "def f(x):\n    return x", "def f(x):\n    return x"),
        ("n = ...", "import math\nn = math.pi", "import math\nn = math.pi"),
        ("def f(x):\n    return x", "def f(x):\n    return 0", "def f(x):\n    return 0"),
    ],
)
def test_code_takes_the_place_of_the_dots_or_is_a_whole_cell(stub, code, cell):
    """Indented as the dots are; a cell that names the answer itself stays as it was written."""
    wrong = WrongAnswer(source=code, message="No.", recognizes=lambda _: True)
    row = exercise(stub=stub, answer="", wrong=(wrong,), solution=code)
    assert row.solution == row.wrong[0].source == cell
