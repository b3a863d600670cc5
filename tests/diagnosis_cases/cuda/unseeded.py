"""Noise drawn on the device, from no seed."""

import torch


def noisy():
    signal = torch.linspace(0, 6, 500, device="cuda").sin()
    return (signal + 0.1 * torch.randn(500, device="cuda")).mean()
