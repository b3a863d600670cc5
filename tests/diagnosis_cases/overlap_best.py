"""Keeps the best weights, or so it believes."""

import copy

import torch
from torch import nn


def fit(keep):
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.9)
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    best, lowest = None, float("inf")
    for _ in range(6):
        opt.zero_grad()
        loss = (net(x).squeeze(1) - x.sum(1)).square().mean()
        if loss.item() < lowest:
            lowest = loss.item()
            best = net.state_dict()
            if keep:
                best = copy.deepcopy(best)
        loss.backward()
        opt.step()
    net.load_state_dict(best)
    return net.weight.detach()


def deep_copy():
    return fit(True)


def plain():
    return fit(False)
