import torch
from torch import nn


def train(validates):
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x = torch.linspace(-1, 1, 36).reshape(12, 3)
    for epoch in range(4):
        optimizer.zero_grad()
        (net(x) - x.sum(1, keepdim=True)).square().mean().backward()
        optimizer.step()
        if validates:
            net.eval()
            with torch.no_grad():
                net(x[:4])
    return net[3].weight.detach()


def alone():
    return train(False)


def validated():
    return train(True)
