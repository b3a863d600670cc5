"""The gradient of a convolution by cuDNN and by torch's own kernel."""

import torch
from torch import nn


def gradient(enabled):
    torch.manual_seed(17)
    layer = nn.Conv2d(64, 64, 3, padding=1).cuda()
    pictures = torch.randn(16, 64, 56, 56, device="cuda")
    with torch.backends.cudnn.flags(enabled=enabled, deterministic=True, allow_tf32=False):
        layer(pictures).square().mean().backward()
    return layer.weight.grad


def by_cudnn():
    return gradient(True)


def by_torch():
    return gradient(False)
