"""A convolution by cuDNN and by torch's own kernel."""

import torch
from torch import nn


def features(enabled):
    torch.manual_seed(17)
    layer = nn.Conv2d(16, 32, 3).cuda()
    pictures = torch.randn(4, 16, 40, 40, device="cuda")
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=enabled, allow_tf32=False):
        return layer(pictures)


def by_cudnn():
    return features(True)


def by_torch():
    return features(False)
