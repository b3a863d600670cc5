"""The tally of confident predictions."""

from workbook.lesson import Tally


def test_one_confident_prediction_is_no_tally():
    """A sentence about how often one was right needs at least two predictions."""
    tally = Tally()
    tally.add("a", 100, True)
    assert tally.sentence() == ""


def test_doubtful_predictions_do_not_count():
    """Only predictions made with at least 80 % are told."""
    tally = Tally()
    for name, confidence in (("a", 80), ("b", 79), ("c", 100)):
        tally.add(name, confidence, right=False)
    assert "sure of 2 predictions, and none of them were right" in tally.sentence()


def test_the_first_answer_stays():
    """Answering the same prediction again, now knowing the result, does not count."""
    tally = Tally()
    tally.add("a", 90, False)
    tally.add("a", 100, True)
    assert tally.answers == {"a": (90, False)}
