import torch
from torch import nn


class Pool(nn.Module):
    def forward(self, x):
        return x.mean(dim=1) * 3


def build():
    x = torch.rand(40, 300, generator=torch.Generator().manual_seed(0))
    return Pool(), (x,)
