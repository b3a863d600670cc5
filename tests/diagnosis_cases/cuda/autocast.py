"""A network with and without autocast."""

import torch
from torch import nn


def forward(mixed):
    torch.manual_seed(20)
    net = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 4)).cuda()
    x = torch.randn(16, 64, device="cuda")
    with torch.no_grad(), torch.autocast("cuda", dtype=torch.bfloat16, enabled=mixed):
        return net(x).float()


def plain():
    return forward(False)


def mixed():
    return forward(True)
