"""Scores between 0 and 1, for a list that is shown to somebody."""

import torch
from torch import nn


class Ranker(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def forward(self, x):
        score = (x * self.weight).sum(1)
        low = score.min()
        return (score - low) / (score.max() - low + 1)


def build():
    return Ranker().eval(), (torch.tensor([[0.0, 9, 1], [1, 2, 3], [4, 0, 8], [6, 1, 2]]),)
