"""The programs of the three cases, as text: the reader sees them, runs them and diagnoses them.

Owns their source, written as users write. What is wrong with them stands in files that no page
shows.
"""

SCORES = """\
import torch
from torch import nn

from workbook.causes import stored

SET = stored("your_own_program/scores")  # how the model is set, in a file


class Center(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))

    def forward(self, x):
        if not self.training:
            return x - self.mean
        self.mean += 0.1 * (x.mean(0) - self.mean)
        return x - (self.mean if SET["running mean"] else x.mean(0))


torch.manual_seed(0)
MODEL = nn.Sequential(
    Center(6), nn.Linear(6, 32), nn.ReLU(), nn.Dropout(SET["dropout"]), nn.Linear(32, 3)
)
ROWS = torch.rand(16, 6)


def jittered(x):
    seeded = torch.Generator().manual_seed(1) if SET["jitter seeded"] else None
    return x + 0.01 * torch.rand(x.shape, generator=seeded)


def scores():
    result = torch.empty(len(ROWS), 3)
    with torch.no_grad():
        rows = ROWS[: SET["rows"]]
        result[: len(rows)] = MODEL(jittered(rows))
    return result
"""

TRAINING = """\
import torch
from torch import nn

from workbook.causes import stored

SET = stored("your_own_program/report")  # what a report does, in a file
HISTORY = []


def report(model, data):
    model.eval()
    rows = data[torch.randint(len(data), (4,))] if SET["drawn"] else data[:4]
    rows = rows if SET["in place"] else rows.clone()
    rows -= rows.mean(0)
    score = model(rows).mean()
    if SET["slopes"]:
        score.backward()
    HISTORY.append(score.item())
    model.train(SET["training goes on"])


def train(log):
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 1)
    )
    data = torch.rand(32, 5)
    for _ in range(4):
        batch = data[torch.randperm(32)[:16]]
        model.zero_grad()
        if log:
            report(model, data)
        loss = (model(batch) - batch.sum(1, keepdim=True)).square().mean()
        loss.backward()
        with torch.no_grad():
            for weight in model.parameters():
                weight -= 0.05 * weight.grad
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def quiet():
    return train(log=False)


def logged():
    return train(log=True)
"""

REVIEWS = """\
import time

import numpy as np
import torch
from torch import nn

from workbook.causes import stored

SET = stored("your_own_program/reviews")  # the script's settings, in a file
REVIEWS = [
    "a warm and funny film", "cold dull and long",
    "the actors save a dull story", "funny actors and a long film",
]
SECONDS = []


def vocabulary():
    words = set()
    for review in REVIEWS:
        words.update(review.split())
    words = sorted(words) if SET["sorted"] else words
    return {word: number for number, word in enumerate(words)}


def vectors():
    started = time.time()
    torch.manual_seed(int(1e6 * started) if SET["new weights"] else 0)
    if SET["one order"]:
        np.random.seed(0)
    index = vocabulary()
    table = nn.Embedding(len(index), 4)
    result = []
    for i in np.random.permutation(len(REVIEWS)):
        words = REVIEWS[i].split()
        result.append(table(torch.tensor([index[word] for word in words])).sum(0))
    SECONDS.append(time.time() - started)
    return torch.stack(result).detach()
"""
