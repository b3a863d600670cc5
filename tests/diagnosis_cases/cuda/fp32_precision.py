"""A convolution with and without TF32."""

import torch
from torch import nn


def features(fast):
    torch.manual_seed(14)
    layer = nn.Conv2d(64, 128, 3).cuda()
    pictures = torch.randn(16, 64, 58, 58, device="cuda")
    torch.backends.cudnn.allow_tf32 = fast
    with torch.no_grad():
        return layer(pictures)


def careful():
    return features(False)


def usual():
    return features(True)
