import torch


def energy(x):
    return (x * x).sum()


def totals():
    torch.manual_seed(0)
    return torch.stack([energy(torch.rand(500_000)) for _ in range(6)])
