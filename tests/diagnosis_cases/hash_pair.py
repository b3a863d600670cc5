"""Class weights, listed in two ways."""

import torch

LABELS = ["cat", "dog", "bird", "cat", "fish", "dog", "newt", "cat"]


def weights(names):
    return torch.tensor([LABELS.count(n) / len(LABELS) * (i + 1) for i, n in enumerate(names)])


def by_set():
    return weights(list(set(LABELS)))


def by_sorted():
    return weights(sorted(set(LABELS)))
