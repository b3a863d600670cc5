"""A claim on the page: a bet where it can be decided, a note where it cannot."""

import pytest

from workbook.devices import DeviceUnavailable
from workbook.ledger import settling
from workbook.lesson import Note, Predictor, Tally, claim


def test_a_claim_takes_a_bet():
    """The reader says what the experiment will show; the verdict follows from what it shows."""
    widget = claim("sums-in-any-order", tally=Tally())
    assert isinstance(widget, Predictor)
    widget.choice = widget.options.index("one")
    widget.reveal()
    assert (widget.measured, widget.right) == ("more than one", False)
    assert widget.feedback == "Then the claim would be true."
    assert widget.because.startswith("So the claim is false.")
    assert "not associative" in widget.because


def test_a_claim_is_plain_text_too():
    """Readers without a kernel and nbval see the claim and the bets."""
    words = repr(claim("sums-in-any-order"))
    assert words.startswith("Predict: Claim: Addition and multiplication are commutative")
    assert "How many sums come out?" in words
    assert "- more than one" in words


@pytest.mark.parametrize("name", ["determinism-costs-time", "directml-computes-in-float32"])
def test_what_cannot_be_tested_is_a_note(name):
    """The claim is shown with the reason, and no bet is taken."""
    note = claim(name)
    assert isinstance(note, Note)
    assert "Not decided here: It " in note.text


def test_an_absent_device_is_a_note(monkeypatch):
    """Without the device and a recording nothing is claimed; the page works all the same."""

    def absent(trial, where):
        raise DeviceUnavailable("There is no GPU.")

    monkeypatch.setattr(settling, "measure", absent)
    note = claim("sums-in-any-order")
    assert isinstance(note, Note)
    assert note.text.endswith("Not decided here: There is no GPU.")


def test_an_unknown_claim_is_refused():
    """The message shows how ids look."""
    with pytest.raises(ValueError, match=r"a claim has an id such as .* got 'nothing'"):
        claim("nothing")
