"""Six steps at once, or three, a save, and three more."""

import io

import torch
from torch import nn


class Smoothed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(3, 1)
        self.register_buffer("trend", torch.zeros(1, 3), persistent=False)

    def forward(self, x):
        with torch.no_grad():
            self.trend.mul_(0.5).add_(self.net.weight, alpha=0.5)
        return self.net(x)


def begin():
    torch.manual_seed(2)
    model = Smoothed()
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def steps(model, optimizer, count):
    x = torch.arange(12.0).reshape(4, 3) / 12
    for _ in range(count):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    return model.trend.clone()


def at_once():
    return steps(*begin(), 6)


def in_two():
    model, optimizer = begin()
    steps(model, optimizer, 3)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file)
    model, optimizer = begin()
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return steps(model, optimizer, 3)
