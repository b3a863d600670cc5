import torch


def activations():
    x = torch.arange(-2000, 2000) / 500
    return torch.nn.functional.silu(x)
