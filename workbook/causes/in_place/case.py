"""The chapter's case: a function that answers the same question in two ways, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

ROWS, SHIFT, SCALE, WEIGHTS, BUFFER = "rows", "shift", "scale", "weights", "buffer"
PROGRAM = """\
import torch

from workbook.causes import stored


def tables():
    return stored("in_place/tables")  # as they are in the file


ROWS, SHIFT, SCALE, WEIGHTS = tables()
BUFFER = torch.zeros(6, 3)


def predict():
    x = ROWS.contiguous()
    x.clamp_(min=0)
    shift = SHIFT.float()
    shift.add_(1)
    scale = SCALE.reshape(-1)
    scale.mul_(2)
    weights = WEIGHTS.t().contiguous()
    weights.sub_(1)
    torch.addmm(BUFFER, x * scale + shift, weights.t(), beta=0, out=BUFFER)
    return BUFFER.clone()
"""
_TWICE = "first = predict()\n{}second = predict()"


def _again(*names: str) -> str:
    """Write code that loads some of the tables again before the second call."""
    tables = ("ROWS", "SHIFT", "SCALE", "WEIGHTS")
    return _TWICE.format(
        f"{', '.join(each if each in names else '_' for each in tables)} = tables()\n"
    )


TWO_ANSWERS = Case(
    name="two_answers",
    title="A case: the second answer",
    story=(
        "`predict()` gives one answer the first time it is called, and another one the second "
        "time. Nothing is drawn, nothing rounds, and nobody changed a line in between. How the "
        "file stores its tables is not known."
    ),
    file="scores.py",
    program=PROGRAM,
    symptom=Trial("predict twice", _TWICE.format("")),
    suspects=(
        Suspect(
            ROWS,
            "a call cuts off the negative numbers of `ROWS`",
            "`contiguous()` copies here, as the file has the rows column by column. Loaded again, "
            "they change nothing.",
        ),
        Suspect(
            SHIFT,
            "a call moves `SHIFT`",
            "`float()` copies here, as the file has the shift in float64. Loaded again, it changes "
            "nothing.",
        ),
        Suspect(SCALE, "a call doubles `SCALE`"),
        Suspect(
            WEIGHTS,
            "a call lowers `WEIGHTS`",
            "`t()` shares, but `contiguous()` copies what was turned round. Loaded again, they "
            "change nothing.",
        ),
        Suspect(
            BUFFER,
            "`BUFFER` keeps something of the call before",
            "`beta=0` leaves out what is in it, and `out=` writes over all of it. A new buffer "
            "changes nothing.",
        ),
    ),
    trials=(
        Trial(
            "load the rows and the shift again for the second call",
            _again("ROWS", "SHIFT"),
            {ROWS, SHIFT},
        ),
        Trial(
            "load the shift and the scale again for the second call",
            _again("SHIFT", "SCALE"),
            {SHIFT, SCALE},
        ),
        Trial(
            "load the weights again for the second call, and take a new buffer",
            _again("WEIGHTS").replace("second", "BUFFER = torch.zeros(6, 3)\nsecond"),
            {WEIGHTS, BUFFER},
        ),
        Trial(
            "take a new buffer for the second call",
            _TWICE.format("BUFFER = torch.zeros(6, 3)\n"),
            {BUFFER},
        ),
        Trial(
            "load everything again for the second call",
            _again("ROWS", "SHIFT", "SCALE", "WEIGHTS"),
            {ROWS, SHIFT, SCALE, WEIGHTS},
        ),
    ),
    budget=2,
    culprit=SCALE,
    lesson=(
        "Each of the three other tables was copied on the way, by accident of how it is stored; "
        "`reshape(-1)` of a table that lies row by row is a view, so `mul_` doubles the table. "
        "Stored otherwise, another line would be guilty. Whether a method copies does not stand in "
        "the line: `clone()` does, and `SCALE.reshape(-1) * 2` needs neither."
    ),
)
