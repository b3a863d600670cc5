import torch
from torch import nn


def table():
    return torch.rand(150, 260, generator=torch.Generator().manual_seed(3))


def head():
    torch.manual_seed(1)
    return nn.Dropout(0.1)


def served():
    x = table()
    return head().eval()(x).sum(dim=1)


def trained():
    x = table().t().contiguous().t()
    return head()(x).sum(dim=1)
