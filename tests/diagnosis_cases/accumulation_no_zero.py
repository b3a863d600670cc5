import torch
from torch import nn


def fit(clear):
    torch.manual_seed(3)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x = torch.arange(18.0).reshape(6, 3) / 18
    for _ in range(5):
        if clear:
            optimizer.zero_grad()
        (model(x) - 1).square().mean().backward()
        optimizer.step()
    return model.weight.detach()


def clearing():
    return fit(True)


def forgetting():
    return fit(False)
