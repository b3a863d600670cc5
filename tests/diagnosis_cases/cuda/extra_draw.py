"""Draw weights and noise on the device; the second also looks at a few examples."""

import torch


def run(look):
    torch.manual_seed(6)
    weights = torch.randn(20, 5, device="cuda")
    if look:
        torch.randperm(100, device="cuda")[:4]
    noise = torch.rand(8, 20, device="cuda")
    return noise @ weights


def plain():
    return run(False)


def looking():
    return run(True)
