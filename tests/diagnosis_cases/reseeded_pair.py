import torch
from torch import nn


def evaluate(model, fixed):
    if fixed:
        torch.manual_seed(99)
    x = torch.rand(8, 3)
    with torch.no_grad():
        return model(x).mean()


def train(fixed):
    torch.manual_seed(11)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        x = torch.rand(8, 3)
        optimizer.zero_grad()
        (model(x) - x.sum(1, keepdim=True)).square().mean().backward()
        optimizer.step()
        evaluate(model, fixed)
    return model.weight.detach()


def plain():
    return train(fixed=False)


def fixed_evaluation():
    return train(fixed=True)
