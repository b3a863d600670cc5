"""The same seed, the same noise? Drawn on the CPU and on the device."""

import torch


def drawn(device):
    torch.manual_seed(11)
    return torch.rand(64, device=device).cuda().cumsum(0)


def on_the_cpu():
    return drawn("cpu")


def on_the_device():
    return drawn("cuda")
