import torch
from torch import nn


def train(log=False):
    torch.manual_seed(3)
    model = nn.Linear(5, 1)
    if log:
        probe = torch.rand(2, 5)
        print("first outputs", model(probe).flatten().tolist())
    x = torch.rand(16, 5)
    loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
    loss.backward()
    return model.weight.grad


def quiet():
    return train()


def logged():
    return train(log=True)
