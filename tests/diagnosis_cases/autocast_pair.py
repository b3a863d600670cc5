import torch
from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(12, 24)
        self.b = nn.Linear(24, 3)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


def run(mixed):
    torch.manual_seed(6)
    model, x = Head(), torch.rand(5, 12)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
        return model(x).float()


def mixed():
    return run(True)


def plain():
    return run(False)
