"""The chapter's case: a training whose weights are NaN after a few steps, and six suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

MASKED, LENGTH, SPREAD, LOG, STEP, DATA = "masked", "length", "spread", "log", "step", "data"
PROGRAM = """\
import torch
from torch import nn

from workbook.causes import stored

TEXTS, LABELS, FEATURES = stored("why_nan/rows")  # as they are in the file
PADDING, UNKNOWN = 0, 1  # no word, and a word that the vocabulary lacks
STEPS, RATE = 5, 2.0


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 8, padding_idx=UNKNOWN)  # whose vector is 0
        self.score, self.head = nn.Linear(8, 1), nn.Linear(10, 2)

    def forward(self, texts, features):
        words = self.words(texts)
        scores = self.score(words)[..., 0].masked_fill(texts == PADDING, -torch.inf)
        mean = (scores.softmax(1)[..., None] * words).sum(1)
        mean = mean / mean.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)
        features = (features - features.mean(0)) / features.std(0)
        return self.head(torch.cat([mean, features], 1))


def loss_of(logits, labels):
    shares = logits.softmax(1)[torch.arange(len(labels)), labels]
    return -shares.log().mean()


def train():
    torch.manual_seed(0)
    model = Judge()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(model(TEXTS, FEATURES), LABELS).backward()
        optimizer.step()
    return model


def lost(numbers):
    return (~numbers.isfinite()).any()
"""
_LOOK = (
    "weights = torch.nn.utils.parameters_to_vector(train().parameters())\n"
    "first, second = lost(weights), torch.tensor(False)"
)


LOST_WEIGHTS = Case(
    name="lost_weights",
    title="A case: the weights that are no numbers",
    story=(
        "After five steps of training, some weights are NaN. There are six places at which one "
        "could be born; which rows meet them is up to the file, and the file is not shown. In a "
        "trial's code `first` says whether any number is not finite, `second` what it should be: "
        "False."
    ),
    file="judge.py",
    program=PROGRAM,
    symptom=Trial("train, and look for one", _LOOK),
    suspects=(
        Suspect(
            MASKED,
            "a text without a word masks every score",
            "Then the outputs of the new model would be NaN already, and they are finite.",
        ),
        Suspect(
            SPREAD,
            "a feature without spread is divided by 0",
            "With other features in place of the file's the NaN stays.",
        ),
        Suspect(LENGTH, "a text of unknown words only has no length to be divided by"),
        Suspect(
            LOG,
            "the log of a share that is 0",
            "With torch's own loss, which takes no such log, the NaN stays.",
        ),
        Suspect(
            STEP,
            "the steps are so large that the weights run away",
            "They are large. But with steps of size 0 the weights are NaN as well.",
        ),
        Suspect(
            DATA,
            "a feature is missing, and NaN stands in its place",
            "With other features in place of the file's the NaN stays.",
        ),
    ),
    trials=(
        Trial("take steps of size 0", f"RATE = 0.0\n{_LOOK}", {STEP, LOG}),
        Trial(
            "draw the features in place of the file's",
            f"FEATURES = torch.rand(FEATURES.shape)\n{_LOOK}",
            {SPREAD, DATA},
        ),
        Trial(
            "look at the outputs before the first step",
            "torch.manual_seed(0)\n"
            "first, second = lost(Judge()(TEXTS, FEATURES)), torch.tensor(False)",
            {LENGTH, LOG, STEP},
        ),
        Trial(
            "use torch's own `cross_entropy`",
            f"loss_of = torch.nn.functional.cross_entropy\n{_LOOK}",
            {LOG},
        ),
        Trial("begin every text with a known word", f"TEXTS[:, 0] = 5\n{_LOOK}", {MASKED, LENGTH}),
    ),
    budget=2,
    culprit=LENGTH,
    lesson=(
        "The forward pass is finite, and the guard made it so: the length is clamped *after* the "
        "square root, whose slope at 0 is infinite, and 0 times infinity is NaN. The cure: add the "
        "small number *inside* the root. The five other places wait for other files."
    ),
)
