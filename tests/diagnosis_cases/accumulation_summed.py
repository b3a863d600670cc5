import torch
from torch import nn


def data():
    x = torch.arange(32.0).reshape(8, 4) / 32
    return x, x.sum(1, keepdim=True)


def gradient(parts):
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    x, y = data()
    for xs, ys in zip(x.chunk(parts), y.chunk(parts)):
        loss = (model(xs) - ys).pow(2).mean()
        loss.backward()
    return model.weight.grad


def full_batch():
    return gradient(1)


def micro_batches():
    return gradient(4)
