"""A history of weights that are all the same tensor."""

import torch


def train(copy):
    w = torch.zeros(3)
    target = torch.tensor([1.0, 2.0, 4.0])
    history = []
    for _ in range(4):
        w.add_(target - w, alpha=0.5)
        history.append(w.clone() if copy else w)
    return torch.stack(history)


def copied():
    return train(True)


def aliased():
    return train(False)
