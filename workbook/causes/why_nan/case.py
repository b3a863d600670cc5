"""The chapter's case: a training whose weights are NaN after a few steps, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from __future__ import annotations

from workbook.question.case import Case, Suspect, Trial

MASKED, SPREAD, LOG, STEP, DATA = "masked", "spread", "log", "step-size", "data"
PROGRAM = """\
import torch
from torch import nn

TEXTS = torch.tensor([[5, 3, 9, 0], [2, 7, 0, 0], [0, 0, 0, 0], [8, 1, 4, 6]])
LABELS = torch.tensor([0, 1, 1, 0])
FEATURES = torch.tensor([[4.0, 2024.0], [3.0, 2024.0], [1.0, 2024.0], [float("nan"), 2024.0]])
STEPS, RATE = 5, 2.0


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.score = nn.Embedding(10, 8), nn.Linear(8, 1)
        self.head = nn.Linear(10, 2)

    def forward(self, texts, features):
        words = self.words(texts)
        scores = self.score(words)[..., 0].masked_fill(texts == 0, -torch.inf)
        mean = (scores.softmax(1)[..., None] * words).sum(1)
        features = features.nan_to_num(3.0)
        features = (features - features.mean(0)) / (features.std(0) + 1e-6)
        return self.head(torch.cat([mean, features], 1))


def loss_of(logits, labels):
    shares = logits.softmax(1)[torch.arange(len(labels)), labels]
    return -(shares + 1e-6).log().mean()


def train():
    torch.manual_seed(0)
    model = Judge()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(model(TEXTS, FEATURES), LABELS).backward()
        optimizer.step()
    return model


def not_finite(numbers):
    return (~numbers.isfinite()).sum()
"""
_COUNT = (
    "weights = torch.nn.utils.parameters_to_vector(train().parameters())\n"
    "first, second = not_finite(weights), torch.tensor(0)"
)


def _trial(title: str, code: str, *removes: str) -> Trial:
    return Trial(title, code, frozenset(removes))


LOST_WEIGHTS = Case(
    name="lost_weights",
    title="A case: the weights that are no numbers",
    story=(
        "Five steps of training, and weights are NaN. `first` counts those that are not finite; "
        "`second` is what it should be, 0."
    ),
    file="judge.py",
    program=PROGRAM,
    targets=(),
    symptom=_trial("train and count", _COUNT),
    suspects=(
        Suspect(MASKED, "a text without a word masks every score"),
        Suspect(
            SPREAD,
            "a column without spread is divided by 0",
            "The year is the same everywhere and its spread is 0. But something is added to it "
            "before the division, and without the features the NaN stays.",
        ),
        Suspect(
            LOG,
            "the log of a share that is 0",
            "Something is added to the share first, and the NaN is there before any loss is "
            "computed: the outputs of the new model have it.",
        ),
        Suspect(
            STEP,
            "the steps are so large that the weights run away",
            "They are large. But outputs of the new model are not finite before the first step.",
        ),
        Suspect(
            DATA,
            "a missing value in the data",
            "There is one, and it is filled in. Without the features the NaN stays.",
        ),
    ),
    trials=(
        _trial("take steps of size 0", f"RATE = 0.0\n{_COUNT}", STEP),
        _trial("put 0 for every feature", f"FEATURES = torch.zeros(4, 2)\n{_COUNT}", SPREAD, DATA),
        _trial(
            "look at the outputs before the first step",
            "torch.manual_seed(0)\n"
            "first, second = not_finite(Judge()(TEXTS, FEATURES)), torch.tensor(0)",
            LOG,
            STEP,
        ),
        _trial(
            "use torch's own `cross_entropy`",
            f"loss_of = torch.nn.functional.cross_entropy\n{_COUNT}",
            LOG,
        ),
        _trial(
            "train on the first two rows",
            f"TEXTS, LABELS, FEATURES = TEXTS[:2], LABELS[:2], FEATURES[:2]\n{_COUNT}",
            MASKED,
            DATA,
        ),
        _trial("give the third text a word", f"TEXTS[2, 0] = 1\n{_COUNT}", MASKED),
    ),
    budget=2,
    culprit=MASKED,
    lesson=(
        "The two that added a small number were safe. One trial asks *when* (before the first "
        "step), another *where* (features or text), and each clears two. The cure: leave out the "
        "row, or let it attend to one place, or use a large negative number as the mask."
    ),
)
