"""A claim of the ledger on the page: the reader bets on it, and it is measured.

Owns no widget: a claim that can be decided is a prediction, and any other is a note.
"""

from workbook.devices import DeviceUnavailable
from workbook.ledger import as_prediction, claim_of
from workbook.lesson.notes import Note
from workbook.lesson.predictor import Predictor, predict
from workbook.lesson.tally import THIS_KERNEL, Tally


def claim(name: str, *, tally: Tally = THIS_KERNEL) -> Predictor | Note:
    """Put a claim of the ledger to the test; make it the last line of a cell.

    The reader chooses a verdict, then the experiments that decide the claim are run, or read from a
    recording. A claim that nothing here can decide is shown with the reason. ValueError for a name
    that is not in the ledger, and where this machine measures something else than the ledger says.
    """
    row = claim_of(name)
    undecided = f"{row.claim} Not decided here: "
    if row.where in ("nowhere", "directml"):
        return Note(heading="A claim", text=undecided + row.because)
    try:
        return predict(as_prediction(row), tally=tally)
    except DeviceUnavailable as absent:
        return Note(heading="A claim", text=undecided + str(absent))
