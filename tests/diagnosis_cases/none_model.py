import torch
from torch import nn


class Lookup(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, tokens):
        return self.table(tokens).amax(dim=1)


def build():
    torch.manual_seed(0)
    return Lookup(), (torch.arange(12).reshape(4, 3) % 10,)
