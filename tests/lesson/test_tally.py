"""The tally of confident predictions."""

from pathlib import Path

from workbook.lesson import Tally
from workbook.lesson.kept import FILE, Kept


def test_one_confident_prediction_is_no_tally() -> None:
    """A sentence about how often one was right needs at least two predictions."""
    tally = Tally()
    tally.add("a", 100, True)
    assert tally.sentence() == ""


def test_doubtful_predictions_do_not_count() -> None:
    """Only predictions made with at least 80 % are told."""
    tally = Tally()
    for name, confidence in (("a", 80), ("b", 79), ("c", 100)):
        tally.add(name, confidence, right=False)
    assert "sure of 2 predictions, and none of them were right" in tally.sentence()


def test_the_first_answer_stays(tmp_path: Path) -> None:
    """Answering again, knowing the result, does not count, in another notebook neither."""
    Tally(Kept(tmp_path / FILE)).add("a", 90, False)
    later = Tally(Kept(tmp_path / FILE))
    later.add("a", 100, True)
    for tally in (later, Tally(Kept(tmp_path / FILE))):
        before = tally.before("a")
        assert before is not None and (before.confidence, before.held) == (90, False)
