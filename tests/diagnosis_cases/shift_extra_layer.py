import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, with_aux=False):
        super().__init__()
        self.body = nn.Linear(4, 8)
        if with_aux:
            self.aux = nn.Linear(8, 3, bias=False)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(torch.tanh(self.body(x)))


def without_aux():
    torch.manual_seed(0)
    return Net()(torch.ones(3, 4))


def with_aux():
    torch.manual_seed(0)
    return Net(with_aux=True)(torch.ones(3, 4))
