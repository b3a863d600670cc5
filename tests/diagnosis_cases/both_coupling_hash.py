"""Scores per request against the nightly job, with features from a set."""

import torch

FEATURES = dict(
    age=2.0, clicks=3.0, height=0.5, income=1.5, shoes=0.75, tests=1.25, visits=0.25, weight=4.0
)


def columns():
    return [FEATURES[name] for name in set(FEATURES)]


def score(x, names):
    w = torch.tensor(names)
    z = x * w * torch.arange(1.0, 9.0)
    total = z.sum(1)
    return total - 0.5 * total.mean()


def rows():
    return (torch.arange(48).float() * 7 % 11 / 11).reshape(6, 8)


def online():
    x = rows()
    return torch.cat([score(r[None], columns()) for r in x])


def nightly():
    return score(rows(), list(FEATURES.values()))
