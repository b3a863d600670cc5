"""The chapter's case: a score that depends on the size of the batches, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

DROPOUT, NORM, STATE, MEAN, ROUNDING = "dropout", "norm", "state", "mean", "rounding"
PROGRAM = """\
import torch
from torch import nn

from workbook.causes.eval_mode.judge import Judge  # somebody else's model

torch.manual_seed(1)
ROWS = torch.rand(24, 6)
TARGETS = ROWS.sum(1, keepdim=True)
MODEL = Judge()


@torch.no_grad()
def score(size):
    MODEL.eval()
    losses = []
    for rows, targets in zip(ROWS.split(size), TARGETS.split(size)):
        losses.append((MODEL(rows) - targets).square().mean())
    return torch.stack(losses).mean()
"""
_SIZES = "first, second = score(8), score(12)"

BATCH_SIZE = Case(
    name="batch_size",
    title="A case: the score that knows the size of its batches",
    story=(
        "`score(8)` and `score(12)` score one model on the same 24 rows, 8 or 12 at a time. "
        "`eval()` was called, no gradient is computed, and the two scores differ. The model is "
        "somebody else's: you can call it, and you know that it has a dropout and a BatchNorm."
    ),
    file="score.py",
    program=PROGRAM,
    symptom=Trial("score with batches of 8, and of 12", _SIZES),
    suspects=(
        Suspect(
            DROPOUT,
            "dropout is still active",
            "`eval()` reached it: with no dropout at all the difference stays as it was.",
        ),
        Suspect(NORM, "a normalization takes its mean from the batch"),
        Suspect(
            STATE,
            "the first scoring changes the model, and the second scores another one",
            "The running statistics do move. But a copy made before gives the second score as "
            "well: nobody reads them.",
        ),
        Suspect(
            MEAN,
            "a mean of the batches' means weights some rows more",
            "It would, with batches of unlike sizes. Here all are full; and single outputs differ "
            "already, before any mean.",
        ),
        Suspect(
            ROUNDING,
            "the library adds in another order for another number of rows",
            "It may. In float64 that nearly vanishes, and this difference does not.",
        ),
    ),
    trials=(
        Trial("score with batches of 8, twice", "first, second = score(8), score(8)",
              {NORM, MEAN, ROUNDING}),
        Trial(
            "keep a copy of the model for the second score",
            "import copy\nkept = copy.deepcopy(MODEL)\nfirst = score(8)\nMODEL = kept\n"
            "second = score(12)",
            {STATE},
        ),
        Trial(
            "let every dropout hand on what it gets",
            "from unittest import mock\n"
            "with mock.patch.object(nn.Dropout, 'forward', lambda layer, rows: rows):\n"
            f"    {_SIZES}",
            {DROPOUT},
        ),
        Trial(
            "compute in float64",
            f"torch.set_default_dtype(torch.float64)\nexec(PROGRAM)\n{_SIZES}",
            {ROUNDING},
        ),
        Trial(
            "compare the outputs of the first 8 rows, in batches of 8 and of 12",
            "MODEL.eval()\nwith torch.no_grad():\n"
            "    first, second = MODEL(ROWS[:8]), MODEL(ROWS[:12])[:8]",
            {MEAN},
        ),
    ),
    budget=3,
    culprit=NORM,
    lesson=(
        "`eval()` reaches what the model knows to be its own. This model keeps its BatchNorm in a "
        "plain list, which registers nothing: the layer stays in training mode, its weights are in "
        "no `state_dict`, and no optimizer gets them. `nn.ModuleList` registers what it holds, and "
        "`print(model)` shows what is registered."
    ),
)  # fmt: skip
