import torch
from torch import nn


class Warmup(nn.Module):
    """Scales its output by how often it was used."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.ones(()))
        self.weight = nn.Parameter(torch.full((3,), 0.5))

    def forward(self, x):
        self.seen += 1
        return x * self.weight * torch.clamp(self.seen / 10, max=1.0)


LAYER = Warmup()


def use():
    return LAYER(torch.ones(2, 3)).detach()
