import torch
from torch import nn


def network():
    torch.manual_seed(8)
    return nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 4)).eval()


def inputs():
    return torch.arange(64.0).reshape(4, 16) / 64


def full():
    with torch.no_grad():
        return network()(inputs())


def half():
    with torch.no_grad():
        return network().bfloat16()(inputs().bfloat16()).float()
