import torch


def fused(x):
    return torch.sin(x) * torch.exp(-x) + torch.tanh(x) / (1 + x * x)


X = torch.linspace(0.1, 5, 4001)


def eager():
    return fused(X)


def compiled():
    return torch.compile(fused)(X)
