"""The prediction widget: choosing, revealing, measuring again, errors, and what is displayed."""

import pytest
import torch

from workbook.lesson import Predictor, Tally, predict
from workbook.question import ANSWERED, Estimate, Option, Prediction

YES = Option("yes, every bit", lambda found: found == "yes, every bit")
DIFFER = Option(
    "no, they differ",
    lambda found: found == "no, they differ",
    "Both sums are rounded once, from `a` and `b`.",
)
NO = Option("no", lambda found: found == "no")
OPTIONS = (YES, DIFFER)
VIEW = "application/vnd.jupyter.widget-view+json"


class Measurement:
    """Gives what it is told to give, and counts how often it was asked."""

    def __init__(self):
        self.gives = "yes, every bit"
        self.asked = 0

    def __call__(self):
        self.asked += 1
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


@pytest.fixture
def measurement():
    """A measurement to steer."""
    return Measurement()


@pytest.fixture
def widget(measurement):
    """A prediction that nobody has answered yet."""
    row = Prediction(
        name="sum",
        question="Is `a + b` the same as `b + a`?",
        options=OPTIONS,
        measure=measurement,
        because="Rounding does not look at the order of two numbers: `a < b` or not.",
    )
    return predict(row, tally=Tally())


class TestChoosing:
    """Before the answer is revealed."""

    def test_nothing_is_chosen_at_first(self, widget):
        """The reader commits: no option is chosen for them, and nothing is told."""
        assert widget.choice is None
        assert (widget.measured, widget.verdict, widget.because, widget.error) == ("", "", "", "")

    @pytest.mark.parametrize("choice", [-1, 2])
    def test_a_choice_is_one_of_the_options(self, widget, choice):
        """An index beyond the options is refused."""
        with pytest.raises(ValueError, match="choice must be a whole number from 0 to 1, got"):
            widget.choice = choice

    @pytest.mark.parametrize("confidence", [-1, 101])
    def test_a_confidence_is_a_percentage(self, widget, confidence):
        """A confidence below 0 or above 100 is refused."""
        with pytest.raises(ValueError, match="confidence must be a percentage from 0 to 100"):
            widget.confidence = confidence

    def test_revealing_without_a_choice_is_refused(self, widget, measurement):
        """Without a prediction nothing is measured."""
        asked = measurement.asked
        with pytest.raises(ValueError, match="choose an option before you reveal"):
            widget.reveal()
        assert measurement.asked == asked


class TestRevealing:
    """When the answer is revealed."""

    def test_revealing_measures(self, widget, measurement):
        """The answer is measured when it is revealed, not kept from before."""
        measurement.gives = "no, they differ"
        widget.choice = 0
        widget.reveal()
        assert widget.measured == "no, they differ"
        assert widget.right is False

    def test_a_right_prediction(self, widget):
        """A prediction that holds is told so, with its explanation."""
        widget.choice = 0
        widget.reveal()
        assert widget.right is True
        assert widget.because.startswith("Rounding does not look")

    def test_a_wrong_option_has_its_own_feedback(self, widget):
        """A reader who chose another option is told what speaks against it; others are not."""
        widget.choice = 1
        widget.reveal()
        assert widget.feedback == "Both sums are rounded once, from `a` and `b`."

    def test_a_right_option_needs_no_feedback(self, widget, measurement):
        """Where the option with feedback holds, its feedback is not shown."""
        measurement.gives = "no, they differ"
        widget.choice = 1
        widget.reveal()
        assert (widget.right, widget.feedback) == (True, "")

    def test_an_answer_is_told_to_who_waits(self, measurement):
        """What waits for the answer of a prediction goes on once that is revealed, not before."""
        widget = predict(Prediction("waited", "?", OPTIONS, measurement, "Because."), tally=Tally())
        opened = []
        ANSWERED.when("waited", lambda: opened.append(True))
        widget.choice = 1
        assert opened == []
        widget.reveal()
        assert opened == [True]

    @pytest.mark.parametrize(
        ("choice", "confidence", "verdict"),
        [
            (0, 100, "You were 100 % sure, and it holds."),
            (0, 80, "You were 80 % sure, and it holds."),
            (0, 50, "You were 50 % sure."),
            (0, 30, "You were only 30 % sure: you can trust that thought more."),
            (1, 90, "You were 90 % sure. Surprises like this one are worth a second look."),
            (1, 50, "You were 50 % sure."),
            (1, 10, "You were only 10 % sure, and the doubt was justified."),
        ],
    )
    def test_confidence_is_compared(self, widget, choice, confidence, verdict):
        """How sure the reader was is set against how it came out."""
        widget.choice, widget.confidence = choice, confidence
        widget.reveal()
        assert widget.verdict == verdict

    def test_the_button_carries_the_newest_choice(self, widget):
        """A choice that is still on its way arrives with the button's message."""
        widget.choice = 0
        widget._handle_custom_msg({"choice": 1, "confidence": 20}, [])
        assert (widget.choice, widget.confidence, widget.right) == (1, 20, False)

    def test_a_revealed_prediction_stays(self, widget):
        """Measuring again does not let the reader change what was predicted."""
        widget.choice = 1
        widget.reveal()
        widget._handle_custom_msg({"choice": 0, "confidence": 100}, [])
        assert (widget.choice, widget.confidence) == (1, 50)

    def test_every_measurement_takes_a_turn(self, widget):
        """The page can tell that it was measured again, even with the same words."""
        widget.choice = 0
        widget.reveal()
        widget.reveal()
        assert widget.turns == 2

    def test_a_confident_miss_is_tallied(self, measurement):
        """Who was sure and missed is told how such predictions fared so far; others are not."""
        tally, told = Tally(), []
        for name, answer in (("first", "yes, every bit"), ("second", "no"), ("third", "no")):
            row = Prediction(name, "?", (YES, NO), measurement, "Because.")
            widget = predict(row, tally=tally)
            widget.choice = [answer in option for option in widget.options].index(True)
            widget.confidence = 50 if name == "third" else 90
            widget.reveal()
            told.append(widget.tally)
        assert "2 predictions, and 1 of them was right" in told[1]
        assert (told[0], told[2]) == ("", "")

    def test_an_earlier_answer_is_told(self, measurement):
        """Who answered before is told how it came out, and what waits for the answer is open."""
        tally, opened = Tally(), []
        tally.add("earlier", 70, True)
        widget = predict(Prediction("earlier", "?", OPTIONS, measurement, "Because."), tally=tally)
        ANSWERED.when("earlier", lambda: opened.append(True))
        assert widget.earlier == "You answered this before, 70 % sure, and it held."
        assert (opened, widget.choice, widget.measured) == ([True], None, "")

    def test_nothing_stays_switched(self, widget, measurement):
        """Revealing leaves the random numbers and the threads as they were."""
        before = torch.get_rng_state(), torch.get_num_threads()
        widget.choice = 0
        widget.reveal()
        assert torch.equal(before[0], torch.get_rng_state())
        assert before[1] == torch.get_num_threads()


class TestEstimate:
    """A range in place of options."""

    @pytest.fixture
    def widget(self):
        """An estimate that nobody has given yet."""
        row = Estimate(
            name="steps",
            question="How many?",
            measure=lambda: 2048,
            between=(2048, 2048),
            because="It stops there.",
            too_low="It goes on.",
            too_high="It stops earlier.",
            unit="steps",
        )
        return predict(row, tally=Tally())

    @pytest.mark.parametrize(
        ("low", "high", "right", "feedback"),
        [
            (1000, 3000, True, ""),
            (2048, 2048, True, ""),
            (100, 1000, False, "It goes on."),
            (3000, 4000, False, "It stops earlier."),
        ],
    )
    def test_a_range_covers_or_not(self, widget, low, high, right, feedback):
        """The range is held against the measured number; each side has its feedback."""
        widget.low, widget.high = low, high
        widget.reveal()
        assert (widget.measured, widget.right, widget.feedback) == ("2,048 steps", right, feedback)

    @pytest.mark.parametrize(("low", "high"), [(1, 11), (5, 4), (0, 1), (-1, 5)])
    def test_a_range_that_says_nothing_is_refused(self, widget, low, high):
        """A range is ascending, above 0 and not wider than the factor; else nothing is told."""
        widget.low, widget.high = low, high
        with pytest.raises(ValueError, match="a range "):
            widget.reveal()
        assert (widget.measured, widget.turns) == ("", 1)

    def test_without_a_range_nothing_is_measured(self, widget):
        """The reader commits first."""
        with pytest.raises(ValueError, match="give a range before"):
            widget.reveal()

    def test_the_button_carries_the_range(self, widget):
        """What was typed a moment ago arrives with the button's message."""
        widget._handle_custom_msg({"low": 2000, "high": 2100, "confidence": 90}, [])
        assert (widget.low, widget.high, widget.right) == (2000, 2100, True)

    def test_the_texts_cover_the_number(self, widget):
        """The plain text asks; the number is under the cover, and what speaks against others."""
        data, _ = widget._repr_mimebundle_()
        assert data["text/plain"] == (
            "Estimate: How many?\n  - a range that spans at most a factor of 10"
        )
        before, covered = data["text/html"].split("<details>")
        assert "2,048" not in before
        assert "<strong>2,048 steps</strong>" in covered
        assert "<li>too low: It goes on.</li>" in covered


class TestErrors:
    """When measuring fails."""

    def test_an_error_is_shown_and_raised(self, widget, measurement):
        """An error when revealing stands in the page and is raised."""
        measurement.gives = RuntimeError("no such kernel")
        widget.choice = 0
        with pytest.raises(RuntimeError):
            widget.reveal()
        assert widget.error == "RuntimeError: no such kernel"
        assert (widget.turns, widget.measured) == (1, "")

    def test_an_error_goes_with_the_next_measurement(self, widget, measurement):
        """A later measurement that works takes the error away."""
        measurement.gives = RuntimeError("no such kernel")
        widget.choice = 0
        with pytest.raises(RuntimeError):
            widget.reveal()
        measurement.gives = "yes, every bit"
        widget.reveal()
        assert (widget.error, widget.measured) == ("", "yes, every bit")

    def test_an_error_fails_the_cell(self, measurement):
        """A measurement that fails, fails when the question is asked: a headless run sees it."""
        measurement.gives = RuntimeError("no such kernel")
        row = Prediction("sum", "?", (YES, NO), measurement, "Because.")
        with pytest.raises(RuntimeError, match="no such kernel"):
            predict(row)


class TestDisplay:
    """What a cell shows, with and without a kernel."""

    @pytest.fixture
    def bundle(self, widget):
        """The mime bundle."""
        data, _ = widget._repr_mimebundle_()
        return data

    def test_three_things_are_displayed(self, bundle):
        """The live widget, a covered answer, and the question in plain text."""
        assert set(bundle) == {VIEW, "text/html", "text/plain"}

    def test_the_plain_text_does_not_tell(self, bundle):
        """The plain text is the question and its options alone."""
        assert bundle["text/plain"] == (
            "Predict: Is `a + b` the same as `b + a`?\n  - yes, every bit\n  - no, they differ"
        )

    def test_the_answer_is_covered(self, bundle):
        """Without a kernel the measured answer is closed until the reader opens it."""
        before, covered = bundle["text/html"].split("<details>")
        assert "<strong>yes, every bit</strong>" in covered
        assert "<strong>yes, every bit</strong>" not in before
        assert covered.endswith("</details>")

    def test_feedback_is_covered_too(self, bundle):
        """What speaks against the wrong options stands under the cover, with its option."""
        _, covered = bundle["text/html"].split("<details>")
        assert "<li>no, they differ: Both sums are rounded once" in covered

    def test_code_and_signs_are_marked_up(self, bundle):
        """Backquotes become code, and a sign such as < is escaped."""
        assert "<code>a + b</code>" in bundle["text/html"]
        assert "<code>a &lt; b</code>" in bundle["text/html"]

    def test_the_covered_answer_is_the_measured_one(self, measurement):
        """The covered answer is measured when the question is asked."""
        measurement.gives = "no"
        row = Prediction("sum", "?", (YES, NO), measurement, "Because.")
        assert (
            "<strong>no</strong>"
            in Predictor(row, tally=Tally())._repr_mimebundle_()[0]["text/html"]
        )

    def test_it_says_the_same_twice(self, measurement):
        """Asked again, the compared text is the same: it holds no address and no identity."""
        row = Prediction("sum", "?", (YES, NO), measurement, "Because.")
        first, second = (predict(row)._repr_mimebundle_()[0] for _ in range(2))
        del first[VIEW], second[VIEW]
        assert first == second
