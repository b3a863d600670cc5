import torch


def base():
    return torch.arange(24.0).reshape(4, 6)


def gathered():
    return torch.stack([base()[i] for i in (2, 0)])


def indexed():
    return base()[[2, 0]]
