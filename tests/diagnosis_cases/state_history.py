import torch

_history = []


def smooth(value, window=20):
    _history.append(value)
    return sum(_history[-window:]) / 5


def smoothed_loss():
    losses = [torch.tensor(float(n)) / 3 for n in (9, 5, 4, 2, 1)]
    for loss in losses:
        last = smooth(loss)
    return last
