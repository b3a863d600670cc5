import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.register_buffer("weight", weight)

    def forward(self, x):
        step = x.abs().amax() / 15
        grid = torch.floor(x / step + torch.rand_like(x)) * step
        return grid @ self.weight


def build():
    rows = torch.Generator().manual_seed(9)
    weight = torch.randint(-4, 5, (8, 3), generator=rows).float()
    return Scaled(weight), (torch.rand(7, 8, generator=rows) * 4 - 2,)
