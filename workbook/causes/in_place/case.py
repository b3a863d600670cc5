"""The chapter's case: a network that answers the same question in two ways, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from __future__ import annotations

from workbook.question.case import Case, Suspect, trial

INPUT, STATISTICS, DROPOUT, ROUNDING, BUFFER = (
    "input",
    "statistics",
    "dropout",
    "rounding",
    "buffer",
)
PROGRAM = """\
import torch
from torch import nn

ROWS = (torch.arange(48.0).reshape(6, 8) * 7) % 5 - 2


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.1)
        self.act, self.linear = nn.ReLU(inplace=True), nn.Linear(8, 8)
        self.out = torch.zeros(6, 8)

    def forward(self, x):
        learned = self.drop(self.linear(self.norm(x)))
        torch.add(learned, self.act(x.view(-1, 8)), out=self.out)
        return self.out.clone()


def new_model():
    torch.manual_seed(0)
    return Block().eval()


MODEL = new_model()


@torch.no_grad()
def predict(rows):
    return MODEL(rows)
"""
_TWICE = "first = predict(ROWS)\nsecond = predict(ROWS)"
_AGAIN = "first = predict(ROWS)\nMODEL = new_model()\nsecond = predict(ROWS)"

TWO_ANSWERS = Case(
    name="two_answers",
    title="A case: the second answer",
    story=(
        "`predict(ROWS)` gives one answer the first time it is called, and another one the second "
        "time. Nobody changed a line in between."
    ),
    file="block.py",
    program=PROGRAM,
    targets=(),
    symptom=trial("predict twice", _TWICE),
    suspects=(
        Suspect(
            STATISTICS,
            "the running statistics move with each call",
            "`eval()` was called. With a new model for the second call the difference stays.",
        ),
        Suspect(
            DROPOUT,
            "dropout draws in each call",
            "`eval()` was called. With the generator put back the difference stays.",
        ),
        Suspect(INPUT, "a call writes into the rows that it is given"),
        Suspect(
            BUFFER,
            "the buffer for the result keeps something of the call before",
            "`out=` writes over all of it. A new model has a new buffer, and the difference stays.",
        ),
        Suspect(
            ROUNDING,
            "threads add up in another order",
            "That nearly vanishes in float64, and this difference stays as large as it was.",
        ),
    ),
    trials=(
        trial(
            "put the generator back before the second call",
            "state = torch.get_rng_state()\nfirst = predict(ROWS)\n"
            "torch.set_rng_state(state)\nsecond = predict(ROWS)",
            DROPOUT,
        ),
        trial(
            "make everything anew for the second call: the model, and a copy of the rows",
            "kept = ROWS.clone()\nfirst = predict(ROWS)\nMODEL, ROWS = new_model(), kept\n"
            "second = predict(ROWS)",
            INPUT,
            STATISTICS,
            DROPOUT,
            BUFFER,
        ),
        trial("make the model anew for the second call", _AGAIN, STATISTICS, DROPOUT, BUFFER),
        trial(
            "compute in float64",
            "MODEL, ROWS = MODEL.double(), ROWS.double()\nMODEL.out = MODEL.out.double()\n"
            + _TWICE,
            ROUNDING,
        ),
        trial(
            "call it once before, with a copy of the rows",
            f"predict(ROWS.clone())\n{_TWICE}",
            BUFFER,
        ),
    ),
    budget=2,
    culprit=INPUT,
    lesson=(
        "`inplace=True` overwrites what the layer is given, and this layer is given a view of the "
        "caller's rows: after the first call they have no negative number left. Nothing is raised, "
        "because no gradient is asked for. Work in place on what the function itself has made."
    ),
)
