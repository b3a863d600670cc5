"""The chapter's case: a training whose weights are NaN after a few steps, and six suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, trial

MASKED, LENGTH, SPREAD, LOG, STEP, DATA = "masked", "length", "spread", "log", "step", "data"
PROGRAM = """\
import torch
from torch import nn

TEXTS = torch.tensor([[5, 3, 9, 0], [2, 7, 0, 0], [0, 0, 0, 0], [8, 1, 4, 6]])
LABELS = torch.tensor([0, 1, 1, 0])
MISSING = float("nan")
FEATURES = torch.tensor([[4.0, 24.0], [3.0, 24.0], [1.0, 24.0], [MISSING, 24.0]])
STEPS, RATE = 5, 2.0


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.score = nn.Embedding(10, 8), nn.Linear(8, 1)
        self.head = nn.Linear(10, 2)

    def forward(self, texts, features):
        words = self.words(texts) * (texts != 0)[..., None]
        scores = self.score(words)[..., 0]
        scores = scores.masked_fill(texts == 0, torch.finfo(scores.dtype).min)
        mean = (scores.softmax(1)[..., None] * words).sum(1)
        mean = mean / mean.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)
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


LOST_WEIGHTS = Case(
    name="lost_weights",
    title="A case: the weights that are no numbers",
    story=(
        "After five steps of training, some weights are NaN. Wherever one could be born, the "
        "program has a guard, and one of the guards does not do what it seems to. `first` is the "
        "number of weights that are not finite, `second` what it should be: 0."
    ),
    file="judge.py",
    program=PROGRAM,
    symptom=trial("train and count", _COUNT),
    suspects=(
        Suspect(
            MASKED,
            "a text without a word masks every score",
            "It does. But the mask is a number, the softmax gives equal weights, and outputs of "
            "the new model are finite.",
        ),
        Suspect(
            SPREAD,
            "a column without spread is divided by 0",
            "The second feature has no spread. But something is added to it before the division, "
            "and without the features the NaN stays.",
        ),
        Suspect(LENGTH, "a vector of zeros is divided by its length"),
        Suspect(
            LOG,
            "the log of a share that is 0",
            "Something is added to the share first. With torch's own loss the NaN stays.",
        ),
        Suspect(
            STEP,
            "the steps are so large that the weights run away",
            "They are large. But with steps of size 0 the weights are NaN as well.",
        ),
        Suspect(
            DATA,
            "a missing value in the data",
            "There is one, and it is filled in. Without the features the NaN stays.",
        ),
    ),
    trials=(
        trial("take steps of size 0", f"RATE = 0.0\n{_COUNT}", {STEP}),
        trial("put 0 for every feature", f"FEATURES = torch.zeros(4, 2)\n{_COUNT}", {SPREAD, DATA}),
        trial(
            "look at the outputs before the first step",
            "torch.manual_seed(0)\n"
            "first, second = not_finite(Judge()(TEXTS, FEATURES)), torch.tensor(0)",
            {LENGTH, LOG, STEP},
        ),
        trial(
            "use torch's own `cross_entropy`",
            f"loss_of = torch.nn.functional.cross_entropy\n{_COUNT}",
            {LOG},
        ),
        trial("give the third text a word", f"TEXTS[2, 0] = 1\n{_COUNT}", {MASKED, LENGTH}),
    ),
    budget=2,
    culprit=LENGTH,
    lesson=(
        "The forward pass is finite, and the guard made it so: the length is clamped *after* the "
        "square root, whose slope at 0 is infinite, and 0 times infinity is NaN. "
        "The cure: add the small number *inside* the root, or leave empty texts out."
    ),
)
