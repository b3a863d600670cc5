import torch
from torch import nn


def gradient(size):
    torch.manual_seed(1)
    model = nn.Linear(3, 1)
    x = torch.arange(30.0).reshape(10, 3) / 10
    pieces = x.split(size)
    for piece in pieces:
        loss = model(piece).pow(2).mean() / len(pieces)
        loss.backward()
    return model.weight.grad


def whole():
    return gradient(10)


def in_fours():
    return gradient(4)
