"""A recurrent cell that keeps its hidden state between sequences."""

import torch
from torch import nn


class Memory(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.w = nn.Parameter(torch.eye(size) * 0.5)
        self.hidden = torch.zeros(size)

    def forward(self, xs):
        out = []
        for x in xs:
            self.hidden = torch.tanh(self.hidden @ self.w + x)
            out.append(self.hidden)
        return torch.stack(out)


def sequence(k):
    return (torch.arange(12).float().reshape(4, 3) + k) / 10


@torch.no_grad()
def fresh_sequence():
    return Memory(3)(sequence(1))


@torch.no_grad()
def second_sequence():
    model = Memory(3)
    model(sequence(5))
    return model(sequence(1))
