import torch
from torch import nn


def two_steps(cache):
    torch.manual_seed(0)
    layer = nn.Linear(8, 4)
    x = torch.ones(2, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cache):
        first = layer(x)
        with torch.no_grad():
            layer.weight.mul_(2.0)
        second = layer(x)
    return first.float(), second.float()


def cached():
    return two_steps(True)


def uncached():
    return two_steps(False)
