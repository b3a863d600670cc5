"""The chapter's case: weights kept as the best, whose loss is another one when they are loaded.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

VIEW, MODE, SHUFFLE, HALF, CHANCE = "view", "mode", "shuffle", "half", "chance"
PROGRAM = """\
import copy

import torch
from torch import nn

from workbook.causes import stored

SET = stored("another_run/settings")  # the experiment's settings, in a file
ROWS = torch.arange(64).reshape(16, 4) / 64
TARGETS = (7 * ROWS).sin().sum(1, keepdim=True)
EPOCHS = 8


def new_model():
    torch.manual_seed(4)
    layers = nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 1)
    return nn.Sequential(*layers)


def order():
    return torch.randperm(16)


def kept(model):
    format = getattr(torch, SET["format"])
    weights = {name: value.detach().to(format) for name, value in model.state_dict().items()}
    return copy.deepcopy(weights) if SET["copied"] else weights


@torch.no_grad()
def score(model):
    model.train(SET["scored in training"])
    rows = order()[: SET["scored rows"]]
    loss = (model(ROWS[rows]) - TARGETS[rows]).square().mean()
    model.train()
    return loss


def train():
    model = new_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    best, weights = torch.inf, None
    for epoch in range(EPOCHS):
        (model(ROWS) - TARGETS).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        loss = score(model)
        if loss < best:
            best, weights = loss, kept(model)
    return best, weights


def loaded(weights):
    model = new_model()
    chosen = {name: value for name, value in weights.items() if name[0] not in SET["left out"]}
    model.load_state_dict(chosen, strict=False)
    return model
"""
_COMPARE = (
    "best, weights = train()\n"
    "first, second = best, score(loaded(weights))\n"
    "first, second = first.sub(second).abs().gt(1e-4), torch.tensor(False)"
)


BEST_WEIGHTS = Case(
    name="best_weights",
    title="A case: the best weights, and another loss",
    story=(
        "Training keeps the weights with the best score. Loaded into a new model, they score "
        "otherwise. What is set stands in a file that you do not see. In a trial's code `first` "
        "says whether the two scores are further apart than rounding; `second` is what it should "
        "be, False."
    ),
    file="best.py",
    program=PROGRAM,
    symptom=Trial("train, load the best weights, score again", _COMPARE),
    suspects=(
        Suspect(VIEW, "what was kept went on changing"),
        Suspect(
            MODE,
            "the model is scored in training mode",
            "A model that is scored twice gets one score, and dropout would give two.",
        ),
        Suspect(
            SHUFFLE,
            "each score is that of other rows",
            "With one fixed order of the rows the difference stays.",
        ),
        Suspect(
            HALF,
            "the weights are rounded when they are kept",
            "Trained for one epoch they would be rounded as well, and there the scores agree.",
        ),
        Suspect(
            CHANCE,
            "loading leaves a layer as the new model starts",
            "Trained for one epoch it would, too, and there the scores agree.",
        ),
    ),
    trials=(
        Trial(
            "score the rows in one fixed order",
            f"order = lambda: torch.arange(16)\n{_COMPARE}",
            {SHUFFLE},
        ),
        Trial(
            "score a model twice, without loading",
            "model = new_model()\n"
            "first = score(model).sub(score(model)).abs().gt(1e-4)\n"
            "second = torch.tensor(False)",
            {VIEW, HALF, CHANCE},
        ),
        Trial(
            "keep the weights in float64",
            "kept = lambda model: {k: v.double() for k, v in model.state_dict().items()}\n"
            + _COMPARE,
            {VIEW, HALF},
        ),
        Trial(
            "train for one epoch only, and score the rows in one fixed order",
            f"EPOCHS, order = 1, lambda: torch.arange(16)\n{_COMPARE}",
            {VIEW, SHUFFLE},
        ),
    ),
    budget=2,
    culprit=VIEW,
    lesson=(
        "`detach` never copies, and `to` only where there is something to do. What was "
        "kept were the weights themselves: each step changed them, and after one epoch there "
        "was no later step. `copy.deepcopy(model.state_dict())`, or `torch.save`, keeps them as "
        "they are."
    ),
)
