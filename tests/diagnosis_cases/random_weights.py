import torch
from torch import nn


class Scorer(nn.Module):
    def __init__(self, width=6):
        super().__init__()
        self.inner = nn.Linear(width, 12)
        self.outer = nn.Linear(12, 1)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(x)))


def score():
    x = torch.arange(24.0).reshape(4, 6) / 24
    return Scorer()(x).squeeze(1)
