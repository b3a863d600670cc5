import torch

DATA = torch.arange(1.0, 13.0).reshape(4, 3)


def normalize(x):
    x -= x.mean(dim=0)
    x /= x.std(dim=0) + 1e-3
    return x


def norms():
    return normalize(DATA + 0).sum() + normalize(DATA).abs().amax(dim=1) ** 1.5 + DATA[0, 0]
